import { assert } from '../../base/assert.js';
import { type MemberId, noMember } from '../../base/ids.js';
import type { CoreState } from './core-state.js';
import type { ReadRequest } from './leader-reads.js';
import { Leadership } from './leadership.js';
import type { Role, Term } from './types.js';

/** Follows `leader` (or nobody yet) in `term`, which is this member's or a later one. */
export function becomeFollower(state: CoreState, term: Term, leader: MemberId): void {
  if (term !== state.term) state.enterTerm(term);
  changeRole(state, 'follower');
  state.leader = leader;
}

/**
 * Asks whether it could win before it disturbs anybody (Raft dissertation 9.6): term and vote stay. It forgets its leader,
 * or else two members that lost theirs would refuse each other.
 */
export function becomePreCandidate(state: CoreState): void {
  assert(state.role !== 'leader');
  changeRole(state, 'pre-candidate');
}

/** Stands for election in the next term, with its own vote, which counts once durable. */
export function becomeCandidate(state: CoreState): void {
  assert(state.role !== 'leader');
  state.enterTerm(state.term + 1);
  changeRole(state, 'candidate');
  state.voteFor(state.config.id);
}

/** Takes the leadership over that this member was elected to. Its first entry is the caller's to append. */
export function becomeLeader(state: CoreState): Leadership {
  assert(state.role === 'candidate');
  changeRole(state, 'leader');
  state.leader = state.config.id;
  const { log } = state;
  const leadership = new Leadership(state.config, {
    termStartIndex: log.lastIndex + 1,
    pendingConfIndex: log.lastConfigIndex(state.applied + 1, log.lastIndex),
    uncommittedBytes: log.dataBytes(state.commit + 1, log.lastIndex),
  });
  leadership.setConf(state.conf, { tick: state.ticks, next: log.lastIndex + 1 });
  state.leadership = leadership;
  return leadership;
}

/** Notes that the leader of this term was heard. */
export function hearLeader(state: CoreState, leader: MemberId): void {
  if (state.role !== 'follower') becomeFollower(state, state.term, leader);
  state.leader = leader;
  state.electionElapsed = 0;
  state.leaderHeardTick = state.ticks;
}

/** Stops waiting for the leader: it is known to be gone. Not with lease reads, where it may rely on being waited for. */
export function forgetLeader(state: CoreState): void {
  assert(state.config.reads !== 'lease');
  state.leader = noMember;
  state.leaderHeardTick = Number.NEGATIVE_INFINITY;
  refuseForwardedReads(state);
}

/** Every change of role, also from one to itself, forgets what belonged to the old one. */
function changeRole(state: CoreState, role: Role): void {
  const { leadership } = state;
  state.role = role;
  state.leader = noMember;
  state.leadership = null;
  state.votes.clear();
  // With lease reads the promise to wait outlives what this member itself believes.
  if (state.config.reads !== 'lease') state.leaderHeardTick = Number.NEGATIVE_INFINITY;
  state.drawElectionTimeout();
  refuseForwardedReads(state);
  if (leadership !== null) {
    for (const request of leadership.reads.takeAll()) answerRead(state, request, null);
  }
}

/** Answers a read, of this member or of the one that forwarded it; a null index refuses. */
export function answerRead(state: CoreState, request: ReadRequest, index: number | null): void {
  if (request.from === state.config.id) {
    state.readsDone.push({ requestId: request.requestId, index });
    return;
  }
  state.outbox.send({
    kind: 'read-index-reply',
    from: state.config.id,
    to: request.from,
    term: state.term,
    requestId: request.requestId,
    index: index ?? 0,
    ok: index !== null,
  });
}

function refuseForwardedReads(state: CoreState): void {
  for (const requestId of state.forwardedReads.takeAll()) {
    state.readsDone.push({ requestId, index: null });
  }
}
