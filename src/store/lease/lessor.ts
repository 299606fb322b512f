import { assert } from '../../base/assert.js';
import { fromLatin1 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import type { Defect } from '../../base/defect.js';
import type { Index } from '../../raft/core/types.js';
import type { LeaseRecord } from '../../wire/gen/store.js';
import type { LeaseReads, LeaseView } from '../contracts.js';
import { StoreError } from '../errors.js';
import { DueHeap } from './due-heap.js';
import type { CheckpointItem, ExpireItem, LeaseTimers } from './keeper.js';
import { Lease, type LeaseDue } from './lease.js';

/** The largest TTL that a grant may ask for, in seconds (etcd's limit, 285 years). */
export const ttlSecondsMax = 9_000_000_000;

/**
 * The leases and the keys attached to them. All state changes are applied log entries, so all members hold the same
 * leases, and whether a lease exists never depends on a clock: only an applied revocation or expiry ends it. What each
 * member has for itself is how much time is left: a deadline on its own monotonic clock, counted from when it applied the
 * grant, renewal or checkpoint (or loaded the lease). Deadlines matter on the leader alone, which then proposes the expiry.
 *
 * Every renewal is stored, although only `renewedIndex` changes. An expiry takes effect if the index it names is that of
 * the lease's last renewal, so that index is replicated state like any other: a member that restarts from a database
 * which covers the renewal's entry does not see that entry again, and with an older index stored it would keep a lease
 * that the others end. The write is one small record in a batch that is written anyway.
 */
export class Lessor implements LeaseReads, LeaseTimers {
  readonly #clock: Clock;
  readonly #minTtlSeconds: number;
  readonly #expiresBlindly: boolean;
  readonly #leases = new Map<bigint, Lease>();
  /** Lease of each attached key (latin1). Invariant: leaseOfKey(k) = l if and only if l.keys has k. */
  readonly #leaseOfKey = new Map<string, Lease>();
  readonly #expiries = new DueHeap<LeaseDue>();
  readonly #checkpoints = new DueHeap<LeaseDue>();
  #onDue: () => void = () => {};

  /** `minTtlSeconds`: shorter grants are raised to it. */
  constructor(options: { clock: Clock; minTtlSeconds: number; defects: ReadonlySet<Defect> }) {
    assert(options.minTtlSeconds >= 1, `minimum TTL of ${options.minTtlSeconds} s`);
    this.#clock = options.clock;
    this.#minTtlSeconds = options.minTtlSeconds;
    this.#expiresBlindly = options.defects.has('lease-expiry-unconditional');
  }

  /** Replaces everything by what the database holds (at open and after a snapshot restore). */
  load(
    records: readonly LeaseRecord[],
    attachments: Iterable<readonly [leaseId: bigint, key: string]>,
  ): void {
    this.#leases.clear();
    this.#leaseOfKey.clear();
    this.#expiries.clear();
    this.#checkpoints.clear();
    for (const record of records) this.#add(record);
    for (const [id, key] of attachments) this.attach(id, key);
    this.#onDue();
  }

  has(id: bigint): boolean {
    return this.#leases.has(id);
  }

  /** Attaches a key (latin1), moving it from the lease that had it. Throws `lease-not-found`. */
  attach(id: bigint, key: string): void {
    const lease = this.#get(id);
    this.#leaseOfKey.get(key)?.detach(key);
    lease.attach(key);
    this.#leaseOfKey.set(key, lease);
  }

  /** The key (latin1) is not attached to this lease any more; a no-op when it was not. */
  detach(id: bigint, key: string): void {
    if (this.#leases.get(id)?.detach(key) === true) this.#leaseOfKey.delete(key);
  }

  /** Throws `lease-exists`, `lease-ttl-too-large`, and `lease-not-found` for id 0, which means "no lease". */
  grant(
    request: { readonly ID: bigint; readonly TTL: number },
    index: Index,
  ): { record: LeaseRecord } {
    if (request.ID === 0n) throw new StoreError('lease-not-found');
    if (request.TTL > ttlSecondsMax) throw new StoreError('lease-ttl-too-large');
    if (this.#leases.has(request.ID)) throw new StoreError('lease-exists');
    const ttlSeconds = Math.max(request.TTL, this.#minTtlSeconds);
    const record = { id: request.ID, ttlSeconds, remainingTtlMs: 0, renewedIndex: index };
    this.#add(record);
    this.#onDue();
    return { record };
  }

  /** Forgets the lease; its keys sorted bytewise, for the caller to delete in one revision. Throws `lease-not-found`. */
  revoke(id: bigint): readonly string[] {
    const lease = this.#get(id);
    this.#leases.delete(id);
    this.#expiries.remove(lease.expiry);
    this.#checkpoints.remove(lease.checkpoint);
    for (const key of lease.keys) this.#leaseOfKey.delete(key);
    return [...lease.keys].sort();
  }

  /** TTL seconds per id (0: unknown lease), and the records that changed and must be stored, each once. */
  renew(ids: readonly bigint[], index: Index): { ttlSeconds: number[]; changed: LeaseRecord[] } {
    const nowMs = this.#clock.now();
    const ttlSeconds: number[] = [];
    const changed: LeaseRecord[] = [];
    for (const id of ids) {
      const lease = this.#leases.get(id);
      ttlSeconds.push(lease?.ttlSeconds ?? 0);
      // An entry that names a lease twice renews it once.
      if (lease === undefined || lease.renewedIndex === index) continue;
      lease.remainingTtlMs = 0;
      lease.renewedIndex = index;
      this.#setDeadline(lease, nowMs + lease.leftMs);
      this.#setCheckpoint(lease, nowMs + lease.checkpointIntervalMs);
      changed.push(lease.toRecord());
    }
    this.#onDue();
    return { ttlSeconds, changed };
  }

  /** Of the items, those leases that exist and were last granted or renewed exactly at `renewedIndex`: to be revoked. */
  expirable(items: readonly ExpireItem[]): bigint[] {
    const ids = new Set<bigint>();
    for (const item of items) {
      const lease = this.#leases.get(item.id);
      if (lease === undefined) continue;
      if (lease.renewedIndex === item.renewedIndex || this.#expiresBlindly) ids.add(item.id);
    }
    return [...ids];
  }

  /**
   * Notes the time left of leases that exist and were not renewed since. Time left only shrinks: an item that would add
   * to it, from a leader that knows less, changes nothing.
   */
  checkpoint(items: readonly CheckpointItem[]): { changed: LeaseRecord[] } {
    const nowMs = this.#clock.now();
    const changed = new Map<bigint, LeaseRecord>();
    for (const item of items) {
      const lease = this.#leases.get(item.id);
      if (lease === undefined || lease.renewedIndex !== item.renewedIndex) continue;
      if (item.remainingTtlMs <= 0 || item.remainingTtlMs >= lease.leftMs) continue;
      lease.remainingTtlMs = item.remainingTtlMs;
      const deadlineMs = nowMs + item.remainingTtlMs;
      if (deadlineMs < lease.deadlineMs) this.#setDeadline(lease, deadlineMs);
      changed.set(item.id, lease.toRecord());
    }
    this.#onDue();
    return { changed: [...changed.values()] };
  }

  lookup(id: bigint): LeaseView | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined) return undefined;
    const leftMs = Math.max(0, lease.deadlineMs - this.#clock.now());
    return {
      id,
      grantedTtlSeconds: lease.ttlSeconds,
      remainingTtlSeconds: Math.floor(leftMs / 1000),
    };
  }

  /** Keys attached to the lease, sorted bytewise; none when there is no such lease. */
  keys(id: bigint): readonly Uint8Array[] {
    return [...(this.#leases.get(id)?.keys ?? [])].sort().map(fromLatin1);
  }

  /** Ids of all leases, the one to end first ahead. */
  list(): readonly bigint[] {
    const byDeadline = [...this.#leases.values()].sort((a, b) => a.deadlineMs - b.deadlineMs);
    return byDeadline.map((lease) => lease.id);
  }

  onDue(listener: () => void): void {
    this.#onDue = listener;
  }

  graceAll(graceMs: number): void {
    const nowMs = this.#clock.now();
    for (const lease of this.#leases.values()) {
      this.#expiries.move(lease.expiry, Math.max(lease.deadlineMs, nowMs) + graceMs);
    }
  }

  nextExpiryMs(): number | undefined {
    return this.#expiries.peek()?.dueMs;
  }

  takeExpired(options: { readonly countMax: number; readonly retryMs: number }): ExpireItem[] {
    const nowMs = this.#clock.now();
    const items: ExpireItem[] = [];
    for (let due = this.#expiries.peek(); due !== undefined; due = this.#expiries.peek()) {
      if (due.dueMs > nowMs || items.length === options.countMax) break;
      if (due.lease.deadlineMs > due.dueMs) {
        this.#expiries.move(due, due.lease.deadlineMs);
        continue;
      }
      items.push({ id: due.lease.id, renewedIndex: due.lease.renewedIndex });
      this.#expiries.move(due, nowMs + options.retryMs);
    }
    return items;
  }

  nextCheckpointMs(): number | undefined {
    return this.#checkpoints.peek()?.dueMs;
  }

  takeCheckpoints(options: { readonly countMax: number }): CheckpointItem[] {
    const nowMs = this.#clock.now();
    const items: CheckpointItem[] = [];
    for (let due = this.#checkpoints.peek(); due !== undefined; due = this.#checkpoints.peek()) {
      if (due.dueMs > nowMs || items.length === options.countMax) break;
      const { id, renewedIndex, deadlineMs, checkpointMs, checkpointIntervalMs } = due.lease;
      if (checkpointMs > due.dueMs) {
        this.#checkpoints.move(due, checkpointMs);
        continue;
      }
      due.lease.checkpointMs = nowMs + checkpointIntervalMs;
      this.#checkpoints.move(due, due.lease.checkpointMs);
      const remainingTtlMs = Math.ceil(deadlineMs - nowMs);
      if (remainingTtlMs > 0) items.push({ id, remainingTtlMs, renewedIndex });
    }
    return items;
  }

  #get(id: bigint): Lease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new StoreError('lease-not-found');
    return lease;
  }

  #add(record: LeaseRecord): void {
    assert(!this.#leases.has(record.id), 'two records of one lease');
    const lease = new Lease(record, this.#clock.now());
    this.#leases.set(lease.id, lease);
    this.#expiries.insert(lease.expiry);
    this.#checkpoints.insert(lease.checkpoint);
  }

  /** A later deadline is looked up when the earlier one has passed: leases are renewed far more often than they fall due. */
  #setDeadline(lease: Lease, deadlineMs: number): void {
    lease.deadlineMs = deadlineMs;
    if (deadlineMs < lease.expiry.dueMs) this.#expiries.move(lease.expiry, deadlineMs);
  }

  /** The same for checkpoints. */
  #setCheckpoint(lease: Lease, checkpointMs: number): void {
    lease.checkpointMs = checkpointMs;
    if (checkpointMs < lease.checkpoint.dueMs) {
      this.#checkpoints.move(lease.checkpoint, checkpointMs);
    }
  }
}
