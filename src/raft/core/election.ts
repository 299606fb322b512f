import { assert, defined } from '../../base/assert.js';
import { emptyBytes } from '../../base/bytes.js';
import { type MemberId, noMember } from '../../base/ids.js';
import { membersOf } from './conf-state.js';
import type { CoreState } from './core-state.js';
import { jointVote } from './quorum.js';
import { appendOwn } from './replication.js';
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './roles.js';
import type { Message, Term } from './types.js';

/**
 * Whether this member may stand for election: it is a voter, its state machine is whole, and it has applied every
 * committed membership change (it would otherwise count votes by a membership that others have left behind).
 */
export function mayCampaign(state: CoreState): boolean {
  if (state.role === 'leader' || !state.isVoter) return false;
  if (state.restoring !== null) return false;
  return state.log.lastConfigIndex(state.applied + 1, state.commit) === 0;
}

/** Starts an election. A transferee (`isTransfer`) skips the pre-vote: its leader has given way. */
export function campaign(state: CoreState, isTransfer: boolean): void {
  assert(mayCampaign(state));
  if (isTransfer || !state.config.preVote) stand(state, isTransfer);
  else preStand(state);
}

function preStand(state: CoreState): void {
  becomePreCandidate(state);
  requestVotes(state, { pre: true, transfer: false });
  // Its own pre-vote promises nothing, so it need not be durable.
  recordVote(state, state.config.id, true);
}

function stand(state: CoreState, transfer: boolean): void {
  becomeCandidate(state);
  requestVotes(state, { pre: false, transfer });
}

function requestVotes(
  state: CoreState,
  ballot: { readonly pre: boolean; readonly transfer: boolean },
): void {
  const { log, config, conf, commit } = state;
  const commitTerm = commitTermOf(state);
  for (const id of membersOf(conf)) {
    if (id === config.id || conf.learners.includes(id)) continue;
    state.outbox.send({
      kind: 'vote',
      from: config.id,
      to: id,
      term: ballot.pre ? state.term + 1 : state.term,
      lastIndex: log.lastIndex,
      lastTerm: log.lastTerm,
      commit,
      commitTerm,
      pre: ballot.pre,
      transfer: ballot.transfer,
    });
  }
}

/** The term and vote of this candidate are durable: its own vote counts. */
export function onCandidacyDurable(state: CoreState): void {
  if (state.role === 'candidate' && !state.votes.has(state.config.id)) {
    recordVote(state, state.config.id, true);
  }
}

/** A request for a vote in this member's term, or for a pre-vote in any term that is not below it. */
export function onVote(state: CoreState, message: Extract<Message, { kind: 'vote' }>): void {
  const isLaterTerm = message.pre && message.term > state.term;
  const isFree =
    isLaterTerm ||
    state.vote === message.from ||
    (state.vote === noMember && state.leader === noMember);
  const granted = isFree && isUpToDate(state, message);
  if (granted && !message.pre) {
    state.voteFor(message.from);
    state.electionElapsed = 0;
  }
  replyToVote(state, message, granted);
}

/** Refuses a request of an earlier term; the answer tells the candidate the present one. */
export function refuseVote(state: CoreState, message: Extract<Message, { kind: 'vote' }>): void {
  replyToVote(state, message, false);
}

function replyToVote(
  state: CoreState,
  message: Extract<Message, { kind: 'vote' }>,
  granted: boolean,
): void {
  state.outbox.send({
    kind: 'vote-reply',
    from: state.config.id,
    to: message.from,
    term: granted ? message.term : state.term,
    commit: state.commit,
    commitTerm: commitTermOf(state),
    pre: message.pre,
    granted,
  });
}

/** The candidate's log is at least as new as this one: later last term, or equal and not shorter (dissertation 3.6.1). */
function isUpToDate(state: CoreState, message: Extract<Message, { kind: 'vote' }>): boolean {
  if (state.config.defects.has('vote-for-stale-log')) return true;
  const { lastTerm, lastIndex } = state.log;
  if (message.lastTerm !== lastTerm) return message.lastTerm > lastTerm;
  return message.lastIndex >= lastIndex;
}

/**
 * What either side of an election knows committed is committed for everyone whose log agrees there. Without this some
 * elections have no end: a learner that was promoted without knowing it, and has the newest log, could neither be elected
 * nor let another be (etcd issue 12359); nor could those whom a removed leader left without telling them.
 */
export function learnCommit(
  state: CoreState,
  message: Extract<Message, { kind: 'vote' | 'vote-reply' }>,
): void {
  if (state.role === 'leader' || message.commit <= state.commit) return;
  if (!state.log.matches(message.commit, message.commitTerm)) return;
  state.commitTo(message.commit);
  // There may be a membership change among what is committed now.
  if (state.role !== 'follower' && !mayCampaign(state)) {
    becomeFollower(state, state.term, noMember);
  }
}

function commitTermOf(state: CoreState): Term {
  return defined(state.log.termAt(state.commit), `committed entry ${state.commit}`);
}

/** An answer to this member's candidacy; answers to an earlier one, or to none, are ignored. */
export function onVoteReply(
  state: CoreState,
  message: Extract<Message, { kind: 'vote-reply' }>,
): void {
  if (state.role !== (message.pre ? 'pre-candidate' : 'candidate')) return;
  // A pre-vote is granted for the term to come, everything else is said in the present one.
  const term = message.pre && message.granted ? state.term + 1 : state.term;
  if (message.term === term) recordVote(state, message.from, message.granted);
}

function recordVote(state: CoreState, from: MemberId, granted: boolean): void {
  if (state.votes.has(from)) return;
  state.votes.set(from, granted);
  const ignoresOutgoing = state.config.defects.has('joint-ignores-outgoing');
  const outgoing = ignoresOutgoing ? [] : state.conf.votersOutgoing;
  const result = jointVote(state.conf.voters, outgoing, state.votes);
  if (result === 'lost') becomeFollower(state, state.term, noMember);
  else if (result === 'won' && state.role === 'pre-candidate') stand(state, false);
  else if (result === 'won') lead(state);
}

/** Takes office with an empty entry: what it inherits is committed with it (Raft dissertation 6.4, step 1). */
function lead(state: CoreState): void {
  const leadership = becomeLeader(state);
  appendOwn(state, leadership, 'normal', [emptyBytes]);
}
