import { assert } from '../../base/assert.js';
import { type MemberId, noMember } from '../../base/ids.js';
import { isVoter } from './conf-state.js';
import { Durability } from './durability.js';
import { ForwardedReads } from './forwarded-reads.js';
import type { Leadership } from './leadership.js';
import { Outbox } from './outbox.js';
import { RaftLog } from './raft-log.js';
import type {
  ConfState,
  CoreConfig,
  HardState,
  Index,
  Ready,
  RecoveredState,
  Role,
  SnapshotMeta,
  Term,
} from './types.js';

/**
 * Everything that one member's core knows. The functions that change it are beside it, by role and concern: roles,
 * election, follower, leader, replication, reads, membership, transfer.
 */
export class CoreState {
  readonly config: CoreConfig;
  readonly log: RaftLog;
  readonly durability: Durability;
  readonly outbox: Outbox;

  /** Never decreases. */
  term: Term;
  /** Whom this member voted for in `term`. */
  vote: MemberId;
  role: Role = 'follower';
  /** The leader of `term`, as far as known. */
  leader: MemberId = noMember;
  /** Not null exactly while `role` is `leader`. */
  leadership: Leadership | null = null;
  /** The answers to this member's (pre-)candidacy. */
  readonly votes = new Map<MemberId, boolean>();

  /** Durable on a quorum. Never decreases. Invariant: applied <= commit <= the log's last index. */
  commit: Index;
  /** The commit index in the last hard state handed to the disk. */
  writtenCommit: Index;
  /** Handed out to be applied. Invariant: applied <= handedOut <= commit, but for a snapshot that is being restored. */
  handedOut: Index;
  applied: Index;
  /** Membership as of `applied`. */
  conf: ConfState;

  /** A snapshot taken over that no write holds yet. */
  unwrittenSnapshot: SnapshotMeta | null = null;
  /** The state machine is being replaced by this state; until it is applied, nothing is handed out nor voted for. */
  restoring: SnapshotMeta | null = null;
  /** The newest snapshot that others may fetch from this member. */
  available: SnapshotMeta | null = null;
  /** A snapshot was asked for and is not available yet. */
  isSnapshotRequested = false;
  /** As in {@link Ready}. */
  isSnapshotWanted = false;

  /** Ticks since the core was made. */
  ticks = 0;
  /** Ticks since this member last campaigned, granted a vote, changed its role or heard from the leader. */
  electionElapsed = 0;
  /** When `electionElapsed` gets here this member campaigns. Drawn anew whenever that restarts by a change of role. */
  electionTimeout = 0;
  /** The tick at which a leader was last heard; -Infinity when none was, or when it is known to be gone. */
  leaderHeardTick: number;

  readonly forwardedReads: ForwardedReads;
  /** Answers for the next {@link Ready}. */
  readsDone: { readonly requestId: number; readonly index: Index | null }[] = [];

  constructor(config: CoreConfig, recovered: RecoveredState) {
    checkConfig(config);
    checkRecovered(recovered);
    const { base, entries, hardState, applied } = recovered;
    this.config = config;
    this.log = new RaftLog(base, entries);
    this.durability = new Durability(
      this.log.lastIndex,
      config.defects.has('stale-durable-accepted'),
    );
    this.outbox = new Outbox(this.durability, {
      votes: config.defects.has('vote-before-durable'),
      acks: config.defects.has('append-ack-before-durable'),
    });
    // The log may hold a term that the hard state lags behind. Then no vote of that term was ever answered.
    const isTermBehind = hardState.term < this.log.lastTerm;
    this.term = isTermBehind ? this.log.lastTerm : hardState.term;
    this.vote = isTermBehind ? noMember : hardState.vote;
    if (isTermBehind) this.durability.onVoteChanged();
    // The commit index on disk is a hint: it may lag behind what was applied.
    this.commit = Math.max(applied, Math.min(hardState.commit, this.log.lastIndex));
    this.writtenCommit = hardState.commit;
    this.handedOut = applied;
    this.applied = applied;
    this.conf = recovered.conf;
    // A lease that this member granted outlives a restart.
    this.leaderHeardTick = config.reads === 'lease' ? 0 : Number.NEGATIVE_INFINITY;
    this.forwardedReads = new ForwardedReads(config.prng.uint32());
    this.drawElectionTimeout();
  }

  /** Restarts the election timer with a new random timeout, so that members do not campaign in step. */
  drawElectionTimeout(): void {
    const { electionTicks, prng } = this.config;
    this.electionElapsed = 0;
    this.electionTimeout = electionTicks + prng.int(0, electionTicks);
  }

  /** This member's vote counts. */
  get isVoter(): boolean {
    return isVoter(this.conf, this.config.id);
  }

  /**
   * This member has a live leader and must not help to elect another (Raft dissertation 4.2.3). A leader with
   * check-quorum is its own: it steps down by itself when it loses its quorum.
   */
  get isLeaderLive(): boolean {
    const { checkQuorum, electionTicks } = this.config;
    if (!checkQuorum) return false;
    return this.role === 'leader' || this.ticks - this.leaderHeardTick < electionTicks;
  }

  /** Moves the commit index forward to `index`, which is in the log. */
  commitTo(index: Index): void {
    if (index <= this.commit) return;
    assert(index <= this.log.lastIndex, `commit ${index} beyond the log`);
    this.commit = index;
  }

  /** Drops the entries from `index` on, which a leader has overruled. */
  truncateLog(index: Index): void {
    assert(index > this.commit, `truncation at ${index} of what is committed to ${this.commit}`);
    this.log.truncateFrom(index);
    this.durability.onTruncated(index);
    this.outbox.onTruncated(index);
  }

  /** Enters a later term, without a vote. */
  enterTerm(term: Term): void {
    assert(term > this.term, `term ${term} does not follow ${this.term}`);
    this.term = term;
    this.vote = noMember;
    this.durability.onVoteChanged();
  }

  /** Gives this term's vote. */
  voteFor(id: MemberId): void {
    assert(this.vote === noMember || this.vote === id, 'second vote in a term');
    if (this.vote === id) return;
    this.vote = id;
    this.durability.onVoteChanged();
  }

  /** The hard state as of now. */
  get hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.commit };
  }
}

function checkConfig(config: CoreConfig): void {
  assert(config.id !== noMember, 'member id 0');
  assert(config.heartbeatTicks >= 1);
  assert(config.electionTicks >= 2);
  assert(config.electionTicks > config.heartbeatTicks);
  assert(config.messageBytesMax > 0);
  assert(config.uncommittedBytesMax > 0);
  assert(config.committedBytesMax > 0);
  assert(config.reads === 'quorum' || config.checkQuorum, 'lease reads need checkQuorum');
}

function checkRecovered(recovered: RecoveredState): void {
  const { base, entries, applied } = recovered;
  assert(base.index <= applied, `the log starts at ${base.index}, after applied ${applied}`);
  assert(applied <= base.index + entries.length, `applied ${applied} is beyond the log`);
}
