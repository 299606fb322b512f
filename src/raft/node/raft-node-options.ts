import type { Clock } from '../../base/clock.js';
import type { Defect } from '../../base/defect.js';
import type { MemberId } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type {
  ConfChange,
  CoreConfig,
  CoreStatus,
  ProposeRefusal,
  RecoveredState,
  Term,
} from '../core/types.js';
import type { PeerTransport, StateMachine, WriteAheadLog } from './contracts.js';
import type { LogRetentionOptions } from './log-retention.js';
import type { NodeProbe } from './probe.js';
import type { SnapshotExchange } from './snapshot-exchange.js';

/** What a `RaftNode` runs on. Everything is injected; the same node runs in production and in the simulator. */
export interface RaftNodeOptions<Result> {
  readonly core: Omit<CoreConfig, 'prng' | 'defects'>;
  readonly recovered: RecoveredState;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly wal: WriteAheadLog;
  readonly stateMachine: StateMachine<Result>;
  readonly transport: PeerTransport;
  readonly snapshots: SnapshotExchange;
  /** Milliseconds of one tick: the heartbeat interval. */
  readonly tickMs: number;
  /** Proposals and reads fail after this long, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Proposals waiting here at the most; more are refused as `busy`. */
  readonly pendingProposalsMax: number;
  /** Applied entries and bytes kept in the log for followers that lag. */
  readonly catchUpEntries: number;
  readonly catchUpBytes: number;
  /** The state machine is synced, and the log released, after this many applied entries or bytes. */
  readonly syncAfterEntries: number;
  readonly syncAfterBytes: number;
  readonly defects: ReadonlySet<Defect>;
  /**
   * Asked on the leader, whose status is given, before it proposes a membership change from anywhere: why the change is not
   * to be made, or null. When no other is under way, the state machine knows every earlier one (an id that was removed
   * never comes back); how far a learner is, only the leader knows.
   */
  readonly admits?: (change: ConfChange, leader: CoreStatus) => ProposeRefusal | null;
  /** A failure after which this process must not go on (disk, broken invariant). Called once. */
  readonly onFatal: (error: Error) => void;
  /** Called when the leader known here, this member's role or the term has changed. */
  readonly onLeadership?: (status: LeadershipStatus) => void;
  /** Tests only. */
  readonly probe?: NodeProbe;
}

/** Who leads, as this member knows. */
export interface LeadershipStatus {
  readonly leader: MemberId;
  readonly isLeader: boolean;
  readonly term: Term;
}

/** Counts of a node's proposals and read barriers, for its metrics. */
export interface NodeActivity {
  readonly proposalsPending: number;
  readonly proposalsFailed: number;
  readonly readsFailed: number;
}

/** How long a node with these options keeps its log. */
export function retentionOf(
  options: Pick<
    RaftNodeOptions<unknown>,
    | 'wal'
    | 'snapshots'
    | 'catchUpEntries'
    | 'catchUpBytes'
    | 'syncAfterEntries'
    | 'syncAfterBytes'
    | 'defects'
  >,
): Omit<LogRetentionOptions, 'core' | 'stateMachine' | 'onFatal'> {
  const { wal, snapshots, catchUpEntries, catchUpBytes, syncAfterEntries, syncAfterBytes } =
    options;
  return {
    release: (index) => wal.release(index),
    keepFrom: () => snapshots.keepFrom(),
    catchUpEntries,
    catchUpBytes,
    syncAfterEntries,
    syncAfterBytes,
    releaseUnsynced: options.defects.has('log-released-before-synced'),
  };
}
