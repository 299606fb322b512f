import type { CoreState } from './core-state.js';
import type { ReadRequest } from './leader-reads.js';
import type { Leadership } from './leadership.js';
import { answerRead } from './roles.js';

/**
 * A linearizable read at the leader (ReadIndex, Raft dissertation 6.4): once an entry of its term is committed, the
 * commit index is what the read must see, provided that this member is still the leader after the read was asked for.
 * A round of heartbeats answered by a quorum proves that.
 */
export function askRead(state: CoreState, leadership: Leadership, request: ReadRequest): void {
  const { reads } = leadership;
  const { defects } = state.config;
  const isEarlyFine = defects.has('read-before-term-commit');
  if (state.commit < leadership.termStartIndex && !isEarlyFine) {
    reads.held.push(request);
    return;
  }
  const isProven = leadership.isAlone || holdsReadLease(state, leadership);
  if (isProven || defects.has('read-without-quorum')) {
    answerRead(state, request, state.commit);
  } else {
    reads.fresh.push(request);
  }
}

/** Lets the reads go on that waited for the first commit of the term. Called whenever the commit index moves. */
export function admitHeldReads(state: CoreState, leadership: Leadership): void {
  const { held } = leadership.reads;
  if (held.length === 0 || state.commit < leadership.termStartIndex) return;
  leadership.reads.held = [];
  for (const request of held) askRead(state, leadership, request);
}

/** Answers the reads whose round a quorum has answered. Called whenever an answer comes or the quorum changes. */
export function confirmReads(state: CoreState, leadership: Leadership): void {
  for (const round of leadership.reads.takeConfirmed(leadership.quorumReadRound())) {
    leadership.reads.leaseTick = round.sentTick;
    for (const request of round.requests) answerRead(state, request, round.index);
  }
}

/**
 * The lease of a round starts when its heartbeats were sent and lasts for less than the shortest election timeout of any
 * voter that answered: a tick less on either side for where in a tick things happen, and a tenth for clocks that drift.
 * Ticks must then be counted in full on every member: a process that was paused has to catch up on the ticks it missed.
 */
function holdsReadLease(state: CoreState, leadership: Leadership): boolean {
  const { config, ticks } = state;
  const { leaseTick, isLeaseRevoked } = leadership.reads;
  if (config.reads !== 'lease' || isLeaseRevoked || leaseTick === null) return false;
  const leaseTicks = config.electionTicks - 2 - Math.ceil(config.electionTicks / 10);
  return ticks - leaseTick < leaseTicks;
}
