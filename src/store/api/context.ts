import type { Clock } from '../../base/clock.js';
import type { ClusterId, MemberId } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { ConfChange, CoreStatus } from '../../raft/core/types.js';
import type { ResponseHeader } from '../../wire/gen/etcdserverpb.js';
import type { Authenticator } from '../auth/authenticator.js';
import type { Backup } from '../backup/backup.js';
import type {
  ApplyResult,
  CommandKind,
  HistoryReads,
  LeaseReads,
  LeaseRenewal,
  MemberReads,
  MvccReads,
  WatchHub,
} from '../contracts.js';

/** Who waits for a command: one of the two is called, once. */
export interface ApplyWaiter {
  resolve(result: ApplyResult): void;
  /** With an error of the driver, for `toStoreError`. */
  reject(error: unknown): void;
}

/**
 * Everything that the API services need of the running member. Implemented by the member's composition root; all methods
 * that wait reject with {@link StoreError} (timeout after the request timeout, stopped, no-leader, too-many-requests ...).
 */
export interface ApiContext {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly prng: Prng;
  readonly mvcc: MvccReads & HistoryReads;
  readonly leases: LeaseReads;
  readonly watch: WatchHub;
  readonly members: MemberReads;
  /** Who calls, and what he may. */
  readonly auth: Authenticator;
  /** Active alarms as applied here (1 NOSPACE, 2 CORRUPT). */
  alarms(): readonly { readonly memberId: MemberId; readonly alarm: number }[];
  /** Replicates a command from any member and resolves with its result here, applied at most once. */
  propose(kind: CommandKind, payload: Uint8Array, signal?: AbortSignal): Promise<ApplyResult>;
  /** The same for a waiter in place of a promise. */
  proposeFor(kind: CommandKind, payload: Uint8Array, waiter: ApplyWaiter): void;
  /** Renews a lease; the renewals of one loop turn are one command. Whoever asks is told later, never in the call. */
  keepAlive(renewal: LeaseRenewal): void;
  /**
   * Resolves once this member's applied state is as new as every write acknowledged before the call (ReadIndex). Without a
   * signal all calls of a turn share one promise: the way for whoever need not know that the caller has given up.
   */
  readBarrier(signal?: AbortSignal): Promise<void>;
  /** Replicates a membership change from any member. */
  proposeConfChange(change: ConfChange, signal: AbortSignal): Promise<ApplyResult>;
  /** Leader only: hands leadership over and resolves when the target leads. */
  transferLeadership(target: MemberId, signal: AbortSignal): Promise<void>;
  raft(): CoreStatus;
  /** Entries applied here. */
  appliedIndex(): number;
  /** Aborted when the member has had no leader for three election timeouts; renewed when it has one again. */
  leaderLost(): AbortSignal;
  /** Header with ids, the current raft term and the given revision. */
  header(revision: number): ResponseHeader;
  /** The same, encoded. */
  encodedHeader(revision: number): Uint8Array;
  /** Bytes of the database on disk, and of live data, approximately. */
  sizeBytes(): { readonly total: number; readonly inUse: number };
  readonly limits: {
    /** Bytes of a marshalled request (--max-request-bytes). */
    readonly requestBytesMax: number;
    /** Operations in a txn (--max-txn-ops). */
    readonly txnOpsMax: number;
    /** Bytes of the database at which writes are refused (--quota-backend-bytes). */
    readonly quotaBytes: number;
    readonly strictReconfigCheck: boolean;
  };
  /** Makes a file of this member's applied state that etcd's tools read. Rejects with StoreError or DiskError. */
  backup(): Promise<Backup>;
  /** Reclaims disk space in the background; resolves when done. */
  defragment(): Promise<void>;
  /** This project's version, and the etcd version whose API it offers. */
  readonly version: { readonly flotilla: string; readonly etcd: string };
}
