import { assert, unreachable } from '../../base/assert.js';
import { type MemberId, noMember } from '../../base/ids.js';
import { encodeConfChange } from './conf-change.js';
import { CoreState } from './core-state.js';
import {
  campaign,
  learnCommit,
  mayCampaign,
  onCandidacyDurable,
  onVote,
  onVoteReply,
  refuseVote,
} from './election.js';
import { correctStaleLeader, onAppend, onHeartbeat, onSnapshot } from './follower.js';
import {
  askLeaderRead,
  expireForwardedReads,
  idleReadTicks,
  onReadIndexReply,
} from './follower-read-index.js';
import { broadcastHeartbeat, onHeartbeatReply } from './heartbeat.js';
import { askRead } from './leader-read-index.js';
import type { Leadership } from './leadership.js';
import { applyConfEntry, dueLeave, refuseConfChange } from './membership.js';
import { hasReady, takeReady } from './ready.js';
import { acknowledgeOwn, appendOwn, onAppendReply, repeatSnapshotOffers } from './replication.js';
import { answerRead, becomeFollower, forgetLeader } from './roles.js';
import { coreStatus } from './status.js';
import { startTransfer, tickTransfer } from './transfer.js';
import type {
  ConfChange,
  ConfState,
  CoreConfig,
  CoreStatus,
  Entry,
  EntryKind,
  Index,
  Message,
  ProposeRefusal,
  RaftCoreApi,
  Ready,
  RecoveredState,
  Role,
  SnapshotMeta,
  Term,
} from './types.js';
import { isWellFormed } from './validate.js';

type Proposed =
  | { readonly ok: true; readonly firstIndex: Index; readonly term: Term }
  | { readonly ok: false; readonly reason: ProposeRefusal };

/**
 * One member's consensus core: takes inputs, decides which of them count, and passes them to the part that deals with
 * them. What each part does is in its own file.
 */
export class RaftCore implements RaftCoreApi {
  readonly #state: CoreState;

  constructor(config: CoreConfig, recovered: RecoveredState) {
    this.#state = new CoreState(config, recovered);
  }

  get term(): Term {
    return this.#state.term;
  }

  get leader(): MemberId {
    return this.#state.leader;
  }

  get role(): Role {
    return this.#state.role;
  }

  get commit(): Index {
    return this.#state.commit;
  }

  get lastIndex(): Index {
    return this.#state.log.lastIndex;
  }

  get idleTicks(): number {
    const state = this.#state;
    if (state.leadership !== null) return 0;
    const untilElection = state.electionTimeout - state.electionElapsed - 1;
    return Math.max(0, Math.min(untilElection, idleReadTicks(state)));
  }

  status(): CoreStatus {
    return coreStatus(this.#state);
  }

  tick(): void {
    const state = this.#state;
    state.ticks++;
    if (state.leadership !== null) {
      this.#tickLeader(state.leadership);
      return;
    }
    expireForwardedReads(state);
    state.electionElapsed++;
    if (state.electionElapsed < state.electionTimeout) return;
    if (mayCampaign(state)) campaign(state, false);
    else state.drawElectionTimeout();
  }

  step(message: Message): void {
    const state = this.#state;
    if (message.to !== state.config.id || message.from === state.config.id) return;
    if (!isWellFormed(message)) return;
    if (message.kind === 'vote' || message.kind === 'vote-reply') learnCommit(state, message);
    if (message.term < state.term) {
      this.#stepEarlierTerm(message);
      return;
    }
    if (message.term > state.term && !this.#enterLaterTerm(message)) return;
    this.#stepPresentTerm(message);
  }

  propose(batch: readonly Uint8Array[]): Proposed {
    return this.#append('normal', batch);
  }

  proposeConfChange(change: ConfChange): Proposed {
    const { leadership } = this.#state;
    if (leadership !== null && leadership.transferee === noMember) {
      const reason = refuseConfChange(this.#state, leadership, change);
      if (reason !== null) return { ok: false, reason };
    }
    const proposed = this.#append('config', [encodeConfChange(change)]);
    if (proposed.ok && leadership !== null) leadership.pendingConfIndex = proposed.firstIndex;
    return proposed;
  }

  readIndex(requestId: number): void {
    const state = this.#state;
    const request = { from: state.config.id, requestId };
    if (state.leadership === null) askLeaderRead(state, requestId);
    else askRead(state, state.leadership, request);
  }

  transferLeadership(target: MemberId): void {
    const { leadership } = this.#state;
    if (leadership !== null) startTransfer(this.#state, leadership, target);
  }

  campaign(): void {
    const state = this.#state;
    // With lease reads a voter's promise to wait binds itself too: its own vote would help to elect another.
    if (state.config.reads === 'lease' && state.isLeaderLive) return;
    if (mayCampaign(state)) campaign(state, false);
  }

  /**
   * Lets this member vote, and campaign, at once. It does so by itself after one to three ticks, provided that pre-vote
   * keeps it from disturbing a leader that is alive after all; a driver with a finer clock than the tick calls
   * `campaign` earlier, after a random delay.
   */
  onLeaderUnreachable(): void {
    const state = this.#state;
    if (state.role !== 'follower' || state.leader === noMember) return;
    if (state.config.reads === 'lease') return;
    forgetLeader(state);
    if (!state.config.preVote) return;
    const soon = state.electionElapsed + state.config.prng.int(1, 4);
    state.electionTimeout = Math.min(state.electionTimeout, soon);
  }

  hasReady(): boolean {
    return hasReady(this.#state);
  }

  ready(): Ready {
    return takeReady(this.#state);
  }

  onDurable(sequence: number): void {
    const state = this.#state;
    state.durability.onDurable(sequence, state.log.lastIndex);
    if (state.leadership !== null) acknowledgeOwn(state, state.leadership);
    else if (state.durability.isVoteDurable) onCandidacyDurable(state);
  }

  onApplied(index: Index): void {
    const state = this.#state;
    assert(index >= state.applied, `applied ${index} after ${state.applied}`);
    assert(index <= state.handedOut, `applied ${index}, handed out to ${state.handedOut}`);
    state.applied = index;
    if (state.restoring !== null && index >= state.restoring.index) {
      state.conf = state.restoring.conf;
      state.restoring = null;
    }
    if (state.leadership !== null) this.#maybeLeaveJoint(state.leadership);
  }

  applyConfChange(entry: Entry): ConfState {
    return applyConfEntry(this.#state, entry);
  }

  onSnapshotAvailable(meta: SnapshotMeta): void {
    const state = this.#state;
    assert(meta.index <= state.applied, `snapshot at ${meta.index} beyond ${state.applied}`);
    state.isSnapshotRequested = false;
    if (state.available === null || meta.index > state.available.index) state.available = meta;
    if (state.leadership !== null) state.leadership.isReplicationDue = true;
  }

  onUnreachable(id: MemberId): void {
    const progress = this.#state.leadership?.peers.get(id);
    if (progress?.state === 'replicate') progress.becomeProbe();
  }

  compact(index: Index): void {
    const state = this.#state;
    assert(index <= state.applied, `compaction to ${index} beyond applied ${state.applied}`);
    if (index > state.log.baseIndex) state.log.compactTo(index);
  }

  #append(kind: EntryKind, batch: readonly Uint8Array[]): Proposed {
    const state = this.#state;
    const { leadership } = state;
    assert(batch.length > 0, 'empty batch');
    if (leadership === null) return { ok: false, reason: this.#whyNotLeader() };
    if (leadership.transferee !== noMember) return { ok: false, reason: 'transferring' };
    let bytes = 0;
    for (const data of batch) bytes += data.length;
    const { uncommittedBytes } = leadership;
    if (uncommittedBytes > 0 && uncommittedBytes + bytes > state.config.uncommittedBytesMax) {
      return { ok: false, reason: 'too-much-uncommitted' };
    }
    const firstIndex = appendOwn(state, leadership, kind, batch);
    return { ok: true, firstIndex, term: state.term };
  }

  #whyNotLeader(): ProposeRefusal {
    const { conf, config, isVoter } = this.#state;
    const isMember = isVoter || conf.learners.includes(config.id);
    // A member that is joining knows no membership at all yet.
    return isMember || conf.voters.length === 0 ? 'not-leader' : 'not-member';
  }

  #tickLeader(leadership: Leadership): void {
    const state = this.#state;
    const { config, ticks } = state;
    // Nobody can tell whether another leads by now: whoever waits on this one is better off without it.
    if (config.checkQuorum && !leadership.hasQuorumHeardAfter(ticks - config.electionTicks)) {
      becomeFollower(state, state.term, noMember);
      return;
    }
    if (tickTransfer(state, leadership)) this.#maybeLeaveJoint(leadership);
    repeatSnapshotOffers(state, leadership);
    leadership.heartbeatElapsed++;
    if (leadership.heartbeatElapsed < config.heartbeatTicks) return;
    leadership.heartbeatElapsed = 0;
    broadcastHeartbeat(state, leadership);
  }

  #maybeLeaveJoint(leadership: Leadership): void {
    const data = dueLeave(this.#state, leadership);
    if (data === null) return;
    leadership.pendingConfIndex = appendOwn(this.#state, leadership, 'config', [data]);
  }

  #stepEarlierTerm(message: Message): void {
    const state = this.#state;
    const { checkQuorum, preVote } = state.config;
    switch (message.kind) {
      case 'append':
      case 'heartbeat':
      case 'snapshot':
        if (checkQuorum || preVote) correctStaleLeader(state, message);
        return;
      case 'vote':
        // A candidate learns by it that it must catch up before it can win; without pre-vote it would anyway.
        if (message.pre) refuseVote(state, message);
        return;
      default:
        return;
    }
  }

  /** Takes a later term over, unless the message is one that must not move this member. False: it is to be ignored. */
  #enterLaterTerm(message: Message): boolean {
    const state = this.#state;
    switch (message.kind) {
      case 'vote':
        if (state.isLeaderLive && !message.transfer) return false;
        if (!message.pre) becomeFollower(state, message.term, noMember);
        return true;
      case 'vote-reply':
        // The term of a granted pre-vote is one that nobody is in yet.
        if (!message.pre || !message.granted) becomeFollower(state, message.term, noMember);
        return true;
      default:
        becomeFollower(state, message.term, noMember);
        return true;
    }
  }

  #stepPresentTerm(message: Message): void {
    const state = this.#state;
    const { leadership } = state;
    switch (message.kind) {
      case 'vote':
        onVote(state, message);
        return;
      case 'vote-reply':
        onVoteReply(state, message);
        return;
      case 'append':
        if (leadership === null) onAppend(state, message);
        return;
      case 'heartbeat':
        if (leadership === null) onHeartbeat(state, message);
        return;
      case 'snapshot':
        if (leadership === null) onSnapshot(state, message);
        return;
      case 'append-reply':
        if (leadership !== null) onAppendReply(state, leadership, message);
        return;
      case 'heartbeat-reply':
        if (leadership !== null) onHeartbeatReply(state, leadership, message);
        return;
      case 'timeout-now':
        if (mayCampaign(state)) campaign(state, true);
        return;
      case 'read-index':
        if (leadership !== null) askRead(state, leadership, message);
        else answerRead(state, message, null);
        return;
      case 'read-index-reply':
        onReadIndexReply(state, message);
        return;
      default:
        unreachable(message);
    }
  }
}
