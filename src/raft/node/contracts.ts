import type { MemberId } from '../../base/ids.js';
import type {
  ConfState,
  Entry,
  HardState,
  Index,
  Message,
  ProposeRefusal,
  SnapshotMeta,
  Term,
} from '../core/types.js';
import type { RoomyData } from '../wal/entry-codec.js';
import type { NodeError } from './errors.js';

/**
 * The replicated state machine as the driver sees it. The store implements it. Everything it does in `apply` is a
 * function of the entries alone.
 */
export interface StateMachine<Result> {
  /** Index and term of the last entry applied in memory, and the membership after it. */
  readonly appliedIndex: Index;
  readonly appliedTerm: Term;
  readonly conf: ConfState;
  /** Applied state up to here survives a crash (covered by a synced batch). The log is kept after it. */
  readonly durableIndex: Index;
  /**
   * Applies entries in order, synchronously, and returns one result per entry (undefined where `local` is false: nobody
   * waits). An error thrown here is fatal to the process: operating errors are results, not exceptions.
   */
  apply(entries: readonly AppliedEntry[]): readonly (Result | undefined)[];
  /** Resolves when the next batch may be applied: what it reads is in memory, and not too much waits for the disk. */
  prepare(entries: readonly AppliedEntry[]): Promise<void> | undefined;
  /** Makes everything applied so far durable; resolves with the new `durableIndex`. */
  sync(): Promise<Index>;
  /**
   * Takes a consistent image of the state (at once, cheaply) whose chunks are then read at leisure. `chunks` is iterated
   * at most once; `close` frees the image and must be called.
   */
  openSnapshot(): Promise<{
    readonly meta: SnapshotMeta;
    readonly chunks: AsyncIterable<Uint8Array>;
    close(): Promise<void>;
  }>;
  /**
   * Replaces the whole state by an image, durably, and resolves once it serves from it. Restartable: a crash in between
   * leaves either the old state or the new one, never a mixture.
   */
  restoreSnapshot(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/** A committed entry on its way to the state machine. An entry with empty `data` is a leader's first: it only moves the index. */
export interface AppliedEntry {
  readonly index: Index;
  readonly term: Term;
  /** The proposal's data as it was given to `propose`; for a config entry the `context` of the membership change. */
  readonly data: Uint8Array;
  /** Membership after this entry when it is a config entry, else null. `rejected` config entries change nothing. */
  readonly conf: ConfState | null;
  /** Proposed by this incarnation of this member: somebody waits for the result. */
  readonly local: boolean;
}

/** What the write-ahead log holds after recovery. */
export interface WalRecovery {
  readonly hardState: HardState;
  readonly base: { readonly index: Index; readonly term: Term };
  readonly entries: readonly Entry[];
}

/**
 * Write-ahead log. `append` is synchronous into the page cache; durability is reported in order through `onDurable`, maybe
 * before `append` returns when the caller says that it has nothing else to do (`mayBlock`).
 */
export interface WriteAheadLog {
  /** Appends one record. Entries overwrite any suffix from their first index on. A snapshot resets the log to start after it. */
  append(write: {
    readonly sequence: number;
    readonly hardState: HardState | null;
    readonly entries: readonly Entry[];
    readonly snapshot: SnapshotMeta | null;
    readonly mayBlock?: boolean;
  }): void;
  /** Releases whole segments whose entries are all <= index. */
  release(index: Index): Promise<void>;
  /** Waits for the writes in flight and closes. */
  close(): Promise<void>;
}

/** What is proposed: data for the state machine, or an encoded membership change (`encodeConfChange`). */
export type Proposal =
  | { readonly kind: 'normal'; readonly data: RoomyData }
  | { readonly kind: 'config'; readonly data: Uint8Array };

/** Who waits for a proposal. One of the two is called, once. */
export interface Waiter<Result> {
  resolve(result: Result): void;
  reject(error: NodeError): void;
}

/** A message between members, as the transport carries it. */
export type PeerMessage =
  | { readonly kind: 'raft'; readonly message: Message }
  /**
   * Proposals forwarded to the leader of `term`. The proposals that one sender incarnation (`session`) forwards in one
   * term are numbered 1, 2, 3 ...; `firstSequence` numbers the first of these. The leader takes each number once and in
   * order, however often it is sent.
   */
  | {
      readonly kind: 'forward';
      readonly session: bigint;
      readonly term: Term;
      readonly firstSequence: number;
      readonly proposals: readonly Proposal[];
    }
  /**
   * Answer to `forward`: numbers up to `acceptedSequence` were taken (appended to the log of `term`, or refused as
   * listed); `ended`: no number beyond it was or ever will be taken in that term.
   */
  | {
      readonly kind: 'forward-reply';
      readonly session: bigint;
      readonly term: Term;
      readonly acceptedSequence: number;
      readonly ended: boolean;
      readonly refusals: readonly { readonly sequence: number; readonly reason: ProposeRefusal }[];
    }
  /**
   * Pull of a snapshot file's bytes, one chunk a request: restartable at any offset. With index 0 it asks for the first
   * chunk of any snapshot of at least index `offset`.
   */
  | {
      readonly kind: 'snapshot-fetch';
      readonly index: Index;
      readonly term: Term;
      readonly offset: number;
    }
  | {
      readonly kind: 'snapshot-chunk';
      readonly index: Index;
      readonly term: Term;
      readonly offset: number;
      /** Size of the whole file; 0: that snapshot is not to be had (any more). */
      readonly totalBytes: number;
      readonly crc: number;
      readonly bytes: Uint8Array;
    };

/** Carries messages between members: best effort, unordered across reconnects, never blocks. */
export interface PeerTransport {
  /** Queues a message; dropped (and reported by `onUnreachable`) when the peer cannot be reached or its queue is full. */
  send(to: MemberId, message: PeerMessage): void;
  /** Hands what is queued to the operating system now rather than at the end of the turn. */
  flush(): void;
  /** Tells the transport where members are; called when the membership changes. */
  setPeers(peers: ReadonlyMap<MemberId, readonly string[]>): void;
  close(): Promise<void>;
}

/** What the transport calls. */
export interface PeerHandler {
  onMessage(from: MemberId, message: PeerMessage): void;
  /** Messages to this peer may have been lost. */
  onUnreachable(id: MemberId): void;
  /** The peer's process is gone (connection reset and reconnect refused): a hint, may be wrong. */
  onGone(id: MemberId): void;
}
