import { noMember } from '../../base/ids.js';
import type { CoreState } from './core-state.js';
import type { Message } from './types.js';

/** A linearizable read at a member that does not lead: its leader is asked, with the next `ready`. */
export function askLeaderRead(state: CoreState, requestId: number): void {
  if (state.leader === noMember) state.readsDone.push({ requestId, index: null });
  else state.forwardedReads.add(requestId);
}

/** Sends the reads that came since the last time, as one request. */
export function forwardReads(state: CoreState): void {
  if (!state.forwardedReads.hasFresh) return;
  state.outbox.send({
    kind: 'read-index',
    from: state.config.id,
    to: state.leader,
    term: state.term,
    requestId: state.forwardedReads.startBatch(state.ticks),
  });
}

/** The leader's answer. */
export function onReadIndexReply(
  state: CoreState,
  message: Extract<Message, { kind: 'read-index-reply' }>,
): void {
  // From the leader of this term only: an earlier one's index may lag behind what was committed since.
  if (message.from !== state.leader) return;
  const index = message.ok ? message.index : null;
  for (const requestId of state.forwardedReads.takeBatch(message.requestId)) {
    state.readsDone.push({ requestId, index });
  }
}

/** In so many ticks from now on nothing that was asked of the leader expires. */
export function idleReadTicks(state: CoreState): number {
  const { oldestSentTick } = state.forwardedReads;
  return oldestSentTick + state.config.electionTicks - state.ticks - 1;
}

/** Refuses what went unanswered for an election timeout, so that lost messages leave nothing behind. */
export function expireForwardedReads(state: CoreState): void {
  const tick = state.ticks - state.config.electionTicks;
  for (const requestId of state.forwardedReads.takeSentBy(tick)) {
    state.readsDone.push({ requestId, index: null });
  }
}
