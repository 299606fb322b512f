import type { Index } from '../../raft/core/types.js';
import type { LeaseRecord } from '../../wire/gen/store.js';
import type { Due } from './due-heap.js';

/** A moment of one lease, in one of the lessor's heaps. */
export interface LeaseDue extends Due {
  readonly lease: Lease;
}

/** Checkpoints of a lease that nobody renews are at most this far apart, in milliseconds. */
const checkpointIntervalMsMax = 300_000;
/** Leases shorter than this are not worth a checkpoint. */
const checkpointIntervalMsMin = 5_000;
/** Clients renew after a third of the TTL; a lease that is past this part of it is not being renewed. */
const checkpointTtlFraction = 0.4;

/**
 * One lease. `id`, `ttlSeconds`, `remainingTtlMs`, `renewedIndex` and the keys are a function of the log, equal on all
 * members and stored; `deadlineMs` and the two dues are this member's own.
 */
export class Lease {
  readonly id: bigint;
  readonly ttlSeconds: number;
  /** TTL left at the last checkpoint since the renewal; 0: none since, the full TTL counts. Invariant: < TTL. */
  remainingTtlMs: number;
  /** Log index of the grant or of the last renewal. */
  renewedIndex: Index;
  /** When the TTL is over by this member's monotonic clock, counted from when it applied the renewal or the checkpoint. */
  deadlineMs: number;
  /** When the leader next notes the time left. */
  checkpointMs: number;
  /**
   * When the leader asks for its end: the deadline, or later by a new leader's grace or a retry; or earlier, when it was renewed
   * since and the deadline is to be looked at again.
   */
  readonly expiry: LeaseDue;
  /** `checkpointMs`, or earlier in the same way. */
  readonly checkpoint: LeaseDue;
  /** Attached keys as latin1; null before the first: most leases have none or few, and an empty set takes as much as all else. */
  #keys: Set<string> | null = null;

  constructor(record: LeaseRecord, nowMs: number) {
    this.id = record.id;
    this.ttlSeconds = record.ttlSeconds;
    this.remainingTtlMs = record.remainingTtlMs;
    this.renewedIndex = record.renewedIndex;
    this.deadlineMs = nowMs + this.leftMs;
    this.expiry = { lease: this, dueMs: this.deadlineMs, slot: -1 };
    this.checkpointMs = nowMs + this.checkpointIntervalMs;
    this.checkpoint = { lease: this, dueMs: this.checkpointMs, slot: -1 };
  }

  /** The TTL left as the log knows it: an upper bound, since time passed between the checkpoint and now. */
  get leftMs(): number {
    return this.remainingTtlMs === 0 ? this.ttlSeconds * 1000 : this.remainingTtlMs;
  }

  /**
   * Time from a renewal to its first checkpoint, and between checkpoints: 0.4 of the TTL, at least 5 seconds, at most
   * 5 minutes. So a lease that is renewed in time never costs one, and an election loses at most that much of the
   * elapsed time.
   */
  get checkpointIntervalMs(): number {
    const fraction = this.ttlSeconds * 1000 * checkpointTtlFraction;
    return Math.min(Math.max(checkpointIntervalMsMin, fraction), checkpointIntervalMsMax);
  }

  /** Attached keys (latin1), in no order. */
  get keys(): Iterable<string> {
    return this.#keys ?? noKeys;
  }

  attach(key: string): void {
    this.#keys ??= new Set();
    this.#keys.add(key);
  }

  /** False when the key was not attached. */
  detach(key: string): boolean {
    return this.#keys?.delete(key) ?? false;
  }

  toRecord(): LeaseRecord {
    return {
      id: this.id,
      ttlSeconds: this.ttlSeconds,
      remainingTtlMs: this.remainingTtlMs,
      renewedIndex: this.renewedIndex,
    };
  }
}

const noKeys: readonly string[] = [];
