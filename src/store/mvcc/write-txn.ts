import { fromLatin1, toLatin1 } from '../../base/bytes.js';
import type { PutRequest } from '../../wire/gen/etcdserverpb.js';
import type { KeyValue } from '../../wire/gen/mvccpb.js';
import { emptyBytes } from '../../wire/reader.js';
import type { ChangeEvent, RevisionEvents } from '../contracts.js';
import type { Operations } from '../counts.js';
import { StoreError } from '../errors.js';
import { decodeRecord, recordKeyValue } from '../schema/revision-record.js';
import type { KeyEntry, Revision } from './key-entry.js';
import type { KeyBounds } from './key-index.js';
import type { MvccState } from './state.js';

/** The lessor as writing sees it. */
export interface LeaseBinding {
  has(id: bigint): boolean;
  attach(id: bigint, key: string): void;
  detach(id: bigint, key: string): void;
}

/**
 * The changes of one command: all of them make one revision, or none if nothing changes. What it changes is visible at
 * once to whoever reads the state in the same turn; nobody else runs before the command is done. The caller has checked
 * everything that may be refused ({@link checkKept}, {@link checkLease}) before the first change.
 */
export class WriteTxn implements Operations {
  /** Operations carried out. Reads are counted by whoever makes them. */
  puts = 0;
  deletes = 0;
  ranges = 0;
  readonly #state: MvccState;
  readonly #leases: LeaseBinding;
  readonly #events: ChangeEvent[] = [];

  constructor(state: MvccState, leases: LeaseBinding) {
    this.#state = state;
    this.#leases = leases;
  }

  /** True once anything has changed: then the state's revision is this txn's. */
  get changed(): boolean {
    return this.#events.length > 0;
  }

  /** Puts a key. Returns the version it replaces when `wantPrevious`. */
  put(request: PutRequest, wantPrevious: boolean): KeyValue | undefined {
    this.puts++;
    const state = this.#state;
    const key = toLatin1(request.key);
    const entry = state.index.get(key);
    const live = entry?.isLive === true ? entry : undefined;
    const previousKv =
      live !== undefined && (wantPrevious || request.ignoreValue)
        ? decodeRecord(state.recordNow(live.main, live.sub))
        : undefined;
    const previous = live === undefined ? null : { main: live.main, sub: live.sub };
    const lease = request.ignoreLease ? (live?.lease ?? 0n) : request.lease;
    const oldLease = live?.lease ?? 0n;
    const at = this.#nextRevision();
    const record = state.tail.appendPut(at, {
      key: request.key,
      createRevision: live?.create ?? at.main,
      modRevision: at.main,
      version: (live?.version ?? 0) + 1,
      value: request.ignoreValue ? (previousKv?.value ?? emptyBytes) : request.value,
      lease,
    });
    state.index.put(key, entry, at.main, at.sub, lease);
    if (oldLease !== lease) {
      this.#detach(oldLease, key);
      if (lease !== 0n) this.#leases.attach(lease, key);
    }
    this.#record(record, { kind: 'put', key, kv: recordKeyValue(record), previous });
    return wantPrevious ? previousKv : undefined;
  }

  /** Deletes the live keys of a range, in key order. */
  deleteRange(bounds: KeyBounds, wantPrevious: boolean): { deleted: number; previous: KeyValue[] } {
    this.deletes++;
    const keys: string[] = [];
    const cursor = this.#state.index.seek(bounds.lower);
    for (; cursor.valid && (bounds.upper === null || cursor.key < bounds.upper); cursor.next()) {
      if (cursor.value.isLive) keys.push(cursor.key);
    }
    return { deleted: keys.length, previous: this.#deleteKeys(keys, wantPrevious) };
  }

  /** Deletes keys, in the given order; those that do not exist are passed over. */
  deleteKeys(keys: readonly string[]): void {
    this.deletes += keys.length;
    this.#deleteKeys(keys, false);
  }

  #deleteKeys(keys: readonly string[], wantPrevious: boolean): KeyValue[] {
    const previous: KeyValue[] = [];
    for (const key of keys) {
      const entry = this.#state.index.get(key);
      if (entry === undefined || !entry.isLive) continue;
      if (wantPrevious) previous.push(decodeRecord(this.#state.recordNow(entry.main, entry.sub)));
      this.#delete(key, entry);
    }
    return previous;
  }

  /** Ends the txn: what it changed, for watchers; null when nothing. */
  finish(): RevisionEvents | null {
    return this.changed ? { revision: this.#state.revision, events: this.#events } : null;
  }

  #delete(key: string, entry: KeyEntry): void {
    const previous = { main: entry.main, sub: entry.sub };
    const { lease } = entry;
    const at = this.#nextRevision();
    const record = this.#state.tail.appendTombstone(at, fromLatin1(key));
    this.#state.index.tombstone(key, entry, at.main, at.sub);
    this.#detach(lease, key);
    this.#record(record, { kind: 'delete', key, kv: recordKeyValue(record), previous });
  }

  /** The first change makes the new revision the state's current one. */
  #nextRevision(): Revision {
    if (!this.changed) this.#state.revision++;
    return { main: this.#state.revision, sub: this.#events.length };
  }

  #record(record: Uint8Array, event: ChangeEvent): void {
    this.#state.onRecordWritten(record.length);
    this.#events.push(event);
  }

  /** A lease that is being revoked is forgotten already. */
  #detach(lease: bigint, key: string): void {
    if (lease !== 0n && this.#leases.has(lease)) this.#leases.detach(lease, key);
  }
}

/** Refuses a put that would have to keep a value or a lease of a key that is not there. Throws StoreError. */
export function checkKept(state: MvccState, request: PutRequest): void {
  if (!request.ignoreValue && !request.ignoreLease) return;
  if (state.index.get(toLatin1(request.key))?.isLive !== true) {
    throw new StoreError('key-not-found');
  }
}

/** Refuses a put with an unknown lease. Throws StoreError. */
export function checkLease(leases: LeaseBinding, request: PutRequest): void {
  if (request.lease !== 0n && !leases.has(request.lease)) throw new StoreError('lease-not-found');
}
