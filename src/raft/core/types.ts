import type { Defect } from '../../base/defect.js';
import type { MemberId } from '../../base/ids.js';
import type { Prng } from '../../base/prng.js';

/** Position in the replicated log; the first entry is 1, 0 is "before the log". */
export type Index = number;
/** Election term; 0 before the first election. */
export type Term = number;

/** What an entry carries: `normal` data for the state machine (empty: a leader's first entry), or a membership change. */
export type EntryKind = 'normal' | 'config';

/** One log entry. Immutable once made; `data` may be shared with the network and the disk. */
export interface Entry {
  readonly term: Term;
  readonly index: Index;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
}

/** What must be durable before its consequences are sent (Raft dissertation 3.8). `commit` is a hint and may lag. */
export interface HardState {
  readonly term: Term;
  readonly vote: MemberId;
  readonly commit: Index;
}

/** Membership at one index. Joint while `votersOutgoing` is not empty (Raft dissertation 4.3). Lists are sorted by id. */
export interface ConfState {
  readonly voters: readonly MemberId[];
  readonly votersOutgoing: readonly MemberId[];
  readonly learners: readonly MemberId[];
  /** Voters of the outgoing configuration that become learners when the joint configuration is left. */
  readonly learnersNext: readonly MemberId[];
  /** The leader proposes to leave the joint configuration by itself. */
  readonly autoLeave: boolean;
}

/** The state machine's state after `index`, by reference; the driver moves the bytes. */
export interface SnapshotMeta {
  readonly index: Index;
  readonly term: Term;
  readonly conf: ConfState;
}

/** One step of a membership change. */
export interface ConfChangeStep {
  readonly kind: 'add-voter' | 'add-learner' | 'remove';
  readonly id: MemberId;
}

/**
 * A proposed membership change. One step without `joint: 'always'` is the simple form; several go through a joint
 * configuration. No steps: leave the joint configuration. `context` is the state machine's (who the member is).
 */
export interface ConfChange {
  readonly steps: readonly ConfChangeStep[];
  readonly joint: 'auto' | 'always';
  readonly context: Uint8Array;
}

interface MessageBase {
  readonly from: MemberId;
  readonly to: MemberId;
  /** Sender's term; for pre-vote requests, and grants of them, the term that the candidate would campaign in. */
  readonly term: Term;
}

/** Everything that members say to each other. Plain data: the transport encodes it, the simulator loses it. */
export type Message =
  | (MessageBase & {
      readonly kind: 'vote';
      readonly lastIndex: Index;
      readonly lastTerm: Term;
      /**
       * The sender's commit index and the term there. A receiver whose log agrees there may commit up to it: one that
       * was promoted without knowing it learns so that it may campaign (etcd issue 12359).
       */
      readonly commit: Index;
      readonly commitTerm: Term;
      readonly pre: boolean;
      readonly transfer: boolean;
    })
  | (MessageBase & {
      readonly kind: 'vote-reply';
      /** As in `vote`: a candidate that waits for the vote of one who left the membership learns that it need not. */
      readonly commit: Index;
      readonly commitTerm: Term;
      readonly pre: boolean;
      readonly granted: boolean;
    })
  | (MessageBase & {
      readonly kind: 'append';
      readonly prevIndex: Index;
      readonly prevTerm: Term;
      readonly commit: Index;
      readonly entries: readonly Entry[];
      /** False: it only tells a commit index, and need not be answered unless it is refused. */
      readonly wantsReply: boolean;
    })
  | (MessageBase & {
      readonly kind: 'append-reply';
      /** Accepted: the last index known to match. Rejected: the `prevIndex` refused. */
      readonly index: Index;
      readonly rejected: boolean;
      /** On rejection, the largest index at which the logs may agree, and the term there (fast back-off). */
      readonly hintIndex: Index;
      readonly hintTerm: Term;
    })
  | (MessageBase & {
      readonly kind: 'heartbeat';
      readonly commit: Index /** Newest read round asked for; 0 is none. */;
      readonly readRound: number;
      /** False: the sender would learn nothing from an answer now. */
      readonly wantsReply: boolean;
    })
  | (MessageBase & { readonly kind: 'heartbeat-reply'; readonly readRound: number })
  | (MessageBase & { readonly kind: 'snapshot'; readonly snapshot: SnapshotMeta })
  | (MessageBase & { readonly kind: 'timeout-now' })
  | (MessageBase & {
      readonly kind: 'read-index' /** The asker's own id of its request. */;
      readonly requestId: number;
    })
  | (MessageBase & {
      readonly kind: 'read-index-reply';
      readonly requestId: number;
      readonly index: Index /** False: ask again. */;
      readonly ok: boolean;
    });

/** A member's role in the current term. */
export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** What must reach the disk. Later writes overwrite any suffix from their first index on. */
export interface DurableWrite {
  /** Increases by one with every write. The driver reports completion with `RaftCore.onDurable`. */
  readonly sequence: number;
  readonly hardState: HardState | null;
  readonly entries: readonly Entry[];
  /** Replaces the log up to its index and the state machine's state. Already on this member's disk, verified. */
  readonly snapshot: SnapshotMeta | null;
  /** To be sent only after this write, and all before it, are durable. */
  readonly messages: readonly Message[];
}

/** What the driver does after each batch of inputs, in this order; see `RaftCore.ready`. */
export interface Ready {
  /** To be sent at once; they promise nothing about this member's disk. */
  readonly messages: readonly Message[];
  readonly write: DurableWrite | null;
  /** To be applied in order; all are durable on a quorum and in this member's log (not always on its disk yet). */
  readonly committed: readonly Entry[];
  /** Reads that may be served once applied >= index; or were refused (`index` null) and must be asked again. */
  readonly reads: readonly { readonly requestId: number; readonly index: Index | null }[];
  /** A follower needs state older than the log: make a snapshot, then call `RaftCore.onSnapshotAvailable`. */
  readonly snapshotWanted: boolean;
}

/** What this member currently believes. */
export interface CoreStatus {
  readonly id: MemberId;
  readonly role: Role;
  readonly term: Term;
  readonly vote: MemberId;
  readonly leader: MemberId;
  readonly commit: Index;
  readonly applied: Index;
  readonly firstIndex: Index;
  readonly lastIndex: Index;
  readonly durableIndex: Index;
  readonly conf: ConfState;
  readonly transferee: MemberId;
  /** Leader only: per peer progress. */
  readonly progress: ReadonlyMap<
    MemberId,
    {
      readonly match: Index;
      readonly next: Index;
      readonly state: 'probe' | 'replicate' | 'snapshot';
      readonly recentlyActive: boolean;
      readonly isLearner: boolean;
    }
  >;
}

/** What a member starts from: the state that its disk holds. */
export interface RecoveredState {
  readonly hardState: HardState;
  /** Where the log starts: the entry before the first one kept, with the membership at `applied`. */
  readonly base: { readonly index: Index; readonly term: Term };
  readonly entries: readonly Entry[];
  /** Membership as of `applied`; config entries after it are applied again. */
  readonly conf: ConfState;
  /**
   * The state machine's applied index; base.index <= applied <= the last entry's index. May exceed the recovered commit
   * index. A state machine whose disk got ahead of the log's (both were in flight at a crash), so that the log lacks the
   * applied entry or holds one of another term there, is its own base: the driver starts the log after the applied entry,
   * without entries.
   */
  readonly applied: Index;
}

/** Limits and timing. Ticks are the driver's. */
export interface CoreConfig {
  readonly id: MemberId;
  /** Election timeout is drawn from [electionTicks, 2*electionTicks). Range 2 up, > heartbeatTicks. */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  /** `lease` answers reads without a round while the leader's quorum lease holds; needs checkQuorum and bounded clock drift. */
  readonly reads: 'quorum' | 'lease';
  readonly messageBytesMax: number;
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  /** Proposals beyond this much uncommitted data are refused; a single one is always accepted when nothing is pending. */
  readonly uncommittedBytesMax: number;
  /** Committed entries handed out in one Ready are limited to this (at least one). */
  readonly committedBytesMax: number;
  readonly prng: Prng;
  readonly defects: ReadonlySet<Defect>;
}

/** Why a proposal was not appended. It is certain that it is not in the log. */
export type ProposeRefusal =
  | 'not-leader'
  | 'transferring'
  | 'too-much-uncommitted'
  | 'config-pending'
  | 'config-invalid'
  | 'not-member'
  /** A learner that was to become a voter lags; said by the driver (`RaftNodeOptions.admits`), not by the core. */
  | 'learner-not-ready'
  /** Too few members are connected for the change to be safe; said by the driver too. */
  | 'quorum-at-risk';

/**
 * The consensus core: a pure state machine. One owner calls it; every method is synchronous; nothing it does depends on
 * anything but its inputs and its Prng. Protocol: feed inputs (`step`, `tick`, `propose`, ...), then while `hasReady()`
 * take `ready()` and carry it out. Inputs may be fed while writes are in flight.
 */
export interface RaftCoreApi {
  status(): CoreStatus;
  /** Cheap accessors for hot paths. */
  readonly term: Term;
  readonly leader: MemberId;
  readonly role: Role;
  readonly commit: Index;
  readonly lastIndex: Index;
  /** So many ticks from now on only pass time, unless there is another input before. A leader has something to do in each. */
  readonly idleTicks: number;
  tick(): void;
  /** Takes any message that was addressed to this member; malformed or stale ones are ignored, never thrown upon. */
  step(message: Message): void;
  /** Appends a batch as consecutive entries. Returns the index of the first, or why nothing was appended. */
  propose(
    batch: readonly Uint8Array[],
  ):
    | { readonly ok: true; readonly firstIndex: Index; readonly term: Term }
    | { readonly ok: false; readonly reason: ProposeRefusal };
  proposeConfChange(
    change: ConfChange,
  ):
    | { readonly ok: true; readonly firstIndex: Index; readonly term: Term }
    | { readonly ok: false; readonly reason: ProposeRefusal };
  /** Starts a linearizable read; `requestId` is unique per member incarnation. Answered through Ready.reads, also when refused. */
  readIndex(requestId: number): void;
  /** Leader only: hand leadership to `target` (a voter). Aborts by itself after one election timeout. */
  transferLeadership(target: MemberId): void;
  /** Starts an election now (through pre-vote when that is on), if this member may campaign. */
  campaign(): void;
  /** The transport saw the leader's process go away: stop waiting for it (not with lease reads). Speeds up failover. */
  onLeaderUnreachable(): void;
  hasReady(): boolean;
  ready(): Ready;
  /** All writes up to and including `sequence` are durable. */
  onDurable(sequence: number): void;
  /** The state machine has applied up to `index`. Config entries must have gone through `applyConfChange` before. */
  onApplied(index: Index): void;
  /** Called when a config entry is applied (in order). Returns the membership after it. A change found void at apply time returns the present one. */
  applyConfChange(entry: Entry): ConfState;
  /** A snapshot file with this meta can now be fetched from this member. */
  onSnapshotAvailable(meta: SnapshotMeta): void;
  /** Peer `id` could not be reached: stop optimistic pipelining to it. */
  onUnreachable(id: MemberId): void;
  /** Drops entries up to `index` from the in-memory log. Never beyond applied. */
  compact(index: Index): void;
}
