import type { MemberId } from '../base/ids.js';
import type { Index } from '../raft/core/types.js';
import type {
  CompactionResponse,
  DeleteRangeResponse,
  HashKVResponse,
  LeaseGrantResponse,
  LeaseRevokeResponse,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
  WatchCreateRequest,
} from '../wire/gen/etcdserverpb.js';
import type { MemberRecord } from '../wire/gen/store.js';
import type { StoreError } from './errors.js';

/**
 * The seams inside the store: what is proposed and what comes back (api <-> apply), what may be read without a proposal
 * (api -> mvcc, lease, watch, member).
 */

/**
 * What a log entry asks the state machine to do. The entry's data is this number as one byte, then the payload: the
 * request's protobuf bytes as the client sent them, or one of our own messages (proto/flotilla/store.proto).
 */
export const CommandKind = {
  put: 1,
  deleteRange: 2,
  txn: 3,
  compact: 4,
  leaseGrant: 5,
  leaseRevoke: 6,
  /** LeaseKeepAliveBatch: renewals go through the log, so that every member knows what remains. */
  leaseKeepAlive: 7,
  /** LeaseExpire: takes effect only for leases not renewed since the index it names (a compare-and-swap). */
  leaseExpire: 8,
  /** LeaseCheckpointBatch: remaining TTLs, so that restarts do not make leases younger. */
  leaseCheckpoint: 9,
  /** MemberPublish: a member's name and client URLs. */
  memberPublish: 10,
  /** AlarmRequest (activate or deactivate). */
  alarm: 11,
  /** MemberRecord, of which id and peer URLs count: a member is reached elsewhere from now on. */
  memberUpdate: 12,
  /** A change of users and roles, or of whether they count: an `AuthOp` as one byte, then its request. */
  auth: 13,
  /** Another command together with the user it is carried out for (`auth/on-behalf.ts`). */
  onBehalf: 14,
} as const;
export type CommandKind = (typeof CommandKind)[keyof typeof CommandKind];

/** Result of a lease renewal batch, one per id asked: the TTL in seconds, or 0 when the lease does not exist. */
export interface LeaseKeepAliveResult {
  readonly ttlSeconds: readonly number[];
}

/** A lease to be renewed, and who hears of it: one of the two methods is called, once. */
export interface LeaseRenewal {
  readonly id: bigint;
  /** The TTL in seconds, 0 when there is no such lease. */
  onRenewed(ttlSeconds: number): void;
  onFailed(error: unknown): void;
}

/**
 * What applying an entry yields for whoever proposed it. `response` has its header filled with the revision only
 * (inner responses of a txn too, as etcd does); the API layer adds the ids and the term.
 */
export type ApplyResult =
  | { readonly ok: true; readonly index: Index; readonly response: ApplyResponse }
  | { readonly ok: false; readonly index: Index; readonly error: StoreError };

export type ApplyResponse =
  | { readonly kind: 'put'; readonly value: PutResponse }
  | { readonly kind: 'deleteRange'; readonly value: DeleteRangeResponse }
  | { readonly kind: 'txn'; readonly value: TxnResponse }
  | {
      readonly kind: 'compact';
      readonly value: CompactionResponse /** Settles when the compaction's deletions are done. */;
      readonly physical: Promise<void>;
    }
  | { readonly kind: 'leaseGrant'; readonly value: LeaseGrantResponse }
  | { readonly kind: 'leaseRevoke'; readonly value: LeaseRevokeResponse }
  | { readonly kind: 'leaseKeepAlive'; readonly value: LeaseKeepAliveResult }
  | {
      readonly kind: 'members' /** Membership after the change, sorted by id. */;
      readonly value: readonly MemberRecord[];
    }
  | {
      readonly kind: 'alarm';
      readonly value: readonly { readonly memberId: MemberId; readonly alarm: number }[];
    }
  | { readonly kind: 'auth' }
  | { readonly kind: 'authToken'; readonly value: string }
  | { readonly kind: 'none' };

/** What a range has found, in the form in which it is stored. */
export interface StoredRange {
  /** The store's revision, for the header; also of a range in the past. */
  readonly revision: number;
  /** Encoded mvccpb.KeyValue each, in the order of the answer. Nobody changes them. */
  readonly kvs: readonly Uint8Array[];
  /** The limit has cut something off. */
  readonly more: boolean;
  /** Keys in the range, whatever the limit and the filters. */
  readonly count: number;
}

/** What a txn without writes has found. */
export interface StoredTxn {
  readonly revision: number;
  readonly succeeded: boolean;
  /** Of the operations on its path, in order. */
  readonly responses: readonly (StoredRange | StoredTxn)[];
}

/** Reads of the multi-version store at this member's applied state. They throw {@link StoreError}. */
export interface MvccReads {
  /** Revision of the newest applied write; 1 for an empty store. */
  readonly revision: number;
  /** Revision of the last compaction; -1 before the first. */
  readonly compactRevision: number;
  /** Range over the state at call time (or at request.revision). Header carries the revision only. The request has been validated. */
  range(request: RangeRequest): Promise<RangeResponse>;
  /** The same without decoding what is stored; at once for one key of the present whose value is in memory. */
  find(request: RangeRequest): StoredRange | Promise<StoredRange>;
  /** A txn without writes: compares and reads at one revision. */
  findTxn(request: TxnRequest): Promise<StoredTxn>;
  /** CRC-32C over keys, revisions and values up to `revision` (0: current). Deterministic between members and across compactions, as etcd's rules say. */
  hashKv(revision: number): Promise<HashKVResponse>;
}

/** A lease as this member knows it. */
export interface LeaseView {
  readonly id: bigint;
  readonly grantedTtlSeconds: number;
  /** Remaining whole seconds by this member's clock, at least 0. */
  readonly remainingTtlSeconds: number;
}

/** Reads of the lessor at this member's applied state. */
export interface LeaseReads {
  lookup(id: bigint): LeaseView | undefined;
  /** Keys attached to the lease, sorted bytewise. */
  keys(id: bigint): readonly Uint8Array[];
  /** Ids of all leases. */
  list(): readonly bigint[];
}

/** Where a watch stream's responses go. */
export interface WatchSink {
  /**
   * Takes one encoded WatchResponse, in pieces of which most are shared with other streams. False: full; call
   * `WatchStream.onDrained` later.
   */
  send(response: readonly Uint8Array[]): boolean;
}

/** One client's watch stream with its watchers. */
export interface WatchStream {
  /** Creates a watcher; answers `created` (and `canceled` when refused) through the sink, before any event of it. */
  create(request: WatchCreateRequest): void;
  cancel(watchId: bigint): void;
  /** Answers a request to create a watcher with `created`, `canceled` and the reason: there is none. */
  refuse(cancelReason: string): void;
  /** Answers a progress response (watch_id -1) if and only if all watchers of the stream are synced. */
  requestProgress(): void;
  onDrained(): void;
  /** Ends all watchers; nothing is sent afterwards. */
  close(): void;
}

/** The watch side of the store. */
export interface WatchHub {
  openStream(sink: WatchSink): WatchStream;
}

/** Membership as applied by this member. */
export interface MemberReads {
  /** Sorted by id. */
  list(): readonly MemberRecord[];
  get(id: MemberId): MemberRecord | undefined;
  /** Was once a member and has been removed: its id never comes back. */
  isRemoved(id: MemberId): boolean;
  /** Called after every change. */
  onChange(listener: () => void): void;
}

/** One change of one key. Immutable, shared by every watcher that sees it. */
export interface ChangeEvent {
  readonly kind: 'put' | 'delete';
  /** The key as latin1 (order of the strings is byte order). */
  readonly key: string;
  /** Encoded mvccpb.KeyValue: the new version; for a delete only key and mod_revision. */
  readonly kv: Uint8Array;
  /** Revision (main, sub) of the version that this change replaced; null when the key was absent. */
  readonly previous: { readonly main: number; readonly sub: number } | null;
}

/** All changes of one revision, in the order they were made. */
export interface RevisionEvents {
  readonly revision: number;
  readonly events: readonly ChangeEvent[];
}

/** What the watch side reads of the multi-version store. */
export interface HistoryReads {
  readonly revision: number;
  readonly compactRevision: number;
  /**
   * Changes of revisions `from` to at most the current one, oldest first, at least one revision and at most `revisionsMax`.
   * Throws StoreError `compacted` when `from` <= compactRevision, except that the compaction revision itself is still
   * readable when its record was kept (etcd keeps a tombstone at the compaction revision).
   */
  history(from: number, revisionsMax: number): Promise<readonly RevisionEvents[]>;
  /** Encoded mvccpb.KeyValue at an exact revision; undefined when compacted. */
  version(at: { readonly main: number; readonly sub: number }): Promise<Uint8Array | undefined>;
  /** The same when it is in memory, without waiting. */
  versionInMemory(at: { readonly main: number; readonly sub: number }): Uint8Array | undefined;
}
