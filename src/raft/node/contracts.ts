import type { MemberId } from '../../base/ids.js';
import type {
  ConfState,
  Entry,
  EntryKind,
  HardState,
  Index,
  Message,
  SnapshotMeta,
  Term,
} from '../core/types.js';

/**
 * The replicated state machine as the driver sees it. The store implements it. Everything it does in `apply` is a
 * function of the entries alone.
 */
export interface StateMachine {
  /** Index of the last entry applied in memory. */
  readonly appliedIndex: Index;
  /** Applied state up to here survives a crash (covered by a synced batch). The log is kept after it. */
  readonly durableIndex: Index;
  /** Term of the entry at `durableIndex` / membership as of `appliedIndex`, as stored with the applied data. */
  readonly appliedTerm: Term;
  readonly conf: ConfState;
  /**
   * Applies entries in order, synchronously. `conf` of a config entry is the membership after it. An error thrown here
   * is fatal to the process: operating errors are results, not exceptions.
   */
  apply(entries: readonly AppliedEntry[]): void;
  /** Resolves when less applied data than the bound waits for the disk; awaited between apply batches (back-pressure). */
  writable(): Promise<void>;
  /** Makes everything applied so far durable; resolves with the new `durableIndex`. */
  sync(): Promise<Index>;
  /** Writes a consistent image of the state to `write`, chunk by chunk, awaiting each; returns what it is the state of. */
  saveSnapshot(write: (chunk: Uint8Array) => Promise<void>): Promise<SnapshotMeta>;
  /**
   * Replaces the whole state by an image, durably, and resolves once it serves from it. Restartable: a crash in between
   * leaves either the old state or the new one, never a mixture.
   */
  restoreSnapshot(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/** A committed entry on its way to the state machine. */
export interface AppliedEntry extends Entry {
  /** Membership after this entry when it is a config entry, else null. */
  readonly conf: ConfState | null;
}

/** What the write-ahead log holds after recovery. */
export interface WalRecovery {
  readonly hardState: HardState;
  readonly base: { readonly index: Index; readonly term: Term };
  readonly entries: readonly Entry[];
}

/** Write-ahead log. `append` is synchronous into the page cache; durability is reported in order through `onDurable`. */
export interface WriteAheadLog {
  /** Appends one record. Entries overwrite any suffix from their first index on. A snapshot resets the log to start after it. */
  append(write: {
    readonly sequence: number;
    readonly hardState: HardState | null;
    readonly entries: readonly Entry[];
    readonly snapshot: SnapshotMeta | null;
  }): void;
  /** Releases whole segments whose entries are all <= index. */
  release(index: Index): Promise<void>;
  /** Waits for the writes in flight and closes. */
  close(): Promise<void>;
}

/** What is proposed: data for the state machine, or an encoded membership change (`encodeConfChange`). */
export interface Proposal {
  readonly kind: EntryKind;
  readonly data: Uint8Array;
}

/** A message between members, as the transport carries it. */
export type PeerMessage =
  | { readonly kind: 'raft'; readonly message: Message }
  /**
   * Proposals forwarded to the leader of `term`. `firstSequence` numbers the first of them per sender incarnation
   * (`session`), consecutive; the leader of that term accepts each at most once, however often it is sent.
   */
  | {
      readonly kind: 'forward';
      readonly session: bigint;
      readonly term: Term;
      readonly firstSequence: number;
      readonly proposals: readonly Proposal[];
    }
  /**
   * Answer to `forward`: of `session`, all below `acceptedSequence` are in the leader's log of `term`; `refused` tells why
   * the next one is not (it certainly is not).
   */
  | {
      readonly kind: 'forward-reply';
      readonly session: bigint;
      readonly term: Term;
      readonly acceptedSequence: number;
      readonly refused: 'not-leader' | 'busy' | null;
    }
  /** Pull of a snapshot file's bytes, one chunk a request: restartable at any offset. */
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
