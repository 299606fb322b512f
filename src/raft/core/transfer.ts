import { type MemberId, noMember } from '../../base/ids.js';
import type { CoreState } from './core-state.js';
import type { Leadership } from './leadership.js';
import type { Progress } from './progress.js';

/**
 * Starts handing leadership to a voter (Raft dissertation 3.10): proposals stop, the target catches up, then it is told to
 * campaign at once. Ignored when the target cannot lead, or is the one that leadership is being handed to already.
 */
export function startTransfer(state: CoreState, leadership: Leadership, target: MemberId): void {
  const progress = leadership.peers.get(target);
  const canLead = state.conf.voters.includes(target) && target !== state.config.id;
  if (progress === undefined || !canLead || leadership.transferee === target) return;
  leadership.transferee = target;
  leadership.transferElapsed = 0;
  leadership.isReplicationDue = true;
  maybeTellTransferee(state, leadership, progress);
}

/** Counts a tick; gives up after an election timeout. True when it gave up. */
export function tickTransfer(state: CoreState, leadership: Leadership): boolean {
  if (leadership.transferee === noMember) return false;
  leadership.transferElapsed++;
  if (leadership.transferElapsed < state.config.electionTicks) return false;
  abortTransfer(leadership);
  return true;
}

/** Gives up: proposals are taken again. */
export function abortTransfer(leadership: Leadership): void {
  leadership.transferee = noMember;
}

/** Tells the transferee to campaign once it has the whole log; again whenever it answers, the message may be lost. */
export function maybeTellTransferee(
  state: CoreState,
  leadership: Leadership,
  progress: Progress,
): void {
  if (progress.id !== leadership.transferee || progress.match < state.log.lastIndex) return;
  // Voters answer a transferee although they have a live leader, so no lease holds from here on.
  leadership.reads.isLeaseRevoked = true;
  state.outbox.send({
    kind: 'timeout-now',
    from: state.config.id,
    to: progress.id,
    term: state.term,
  });
}
