import { toLatin1 } from '../../base/bytes.js';
import type { RequestOp, TxnRequest } from '../../wire/gen/etcdserverpb.js';
import { StoreError } from '../errors.js';

/**
 * A txn must not write a key twice, nor write a key that it also deletes: one revision has one version of a key. etcd
 * decides this from the request alone, for both branches whether taken or not, and with two peculiarities that clients
 * can observe and that are kept: a range end of "\0" (from the key on) covers nothing here, and among nested txns a
 * delete is only seen by the puts of later ones.
 */

/** Throws StoreError `duplicate-key` when a branch writes a key twice. */
export function checkTxnOverlap(request: TxnRequest): void {
  writesOf(request.success);
  writesOf(request.failure);
}

interface Writes {
  /** Keys put, as latin1. */
  readonly puts: Set<string>;
  readonly deletes: KeyIntervals;
}

function writesOf(ops: readonly RequestOp[]): Writes {
  const puts = new Set<string>();
  const deletes = new KeyIntervals();
  for (const { requestDeleteRange: request } of ops) {
    if (request !== undefined) deletes.add(toLatin1(request.key), endOf(request));
  }
  for (const { requestTxn: txn } of ops) {
    if (txn !== undefined) addNested(puts, deletes, txn);
  }
  for (const { requestPut: request } of ops) {
    if (request === undefined) continue;
    const key = toLatin1(request.key);
    if (puts.has(key) || deletes.contains(key)) throw new StoreError('duplicate-key');
    puts.add(key);
  }
  return { puts, deletes };
}

/** Only one branch of a nested txn is taken, so its branches may overlap each other but nothing else. */
function addNested(puts: Set<string>, deletes: KeyIntervals, txn: TxnRequest): void {
  const success = writesOf(txn.success);
  const failure = writesOf(txn.failure);
  for (const key of success.puts) {
    if (puts.has(key) || deletes.contains(key)) throw new StoreError('duplicate-key');
  }
  for (const key of failure.puts) {
    if (puts.has(key) || deletes.contains(key)) throw new StoreError('duplicate-key');
  }
  for (const key of success.puts) puts.add(key);
  for (const key of failure.puts) puts.add(key);
  deletes.addAll(success.deletes);
  deletes.addAll(failure.deletes);
}

function endOf(request: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array }): string {
  return request.rangeEnd.length === 0 ? `${toLatin1(request.key)}\0` : toLatin1(request.rangeEnd);
}

/** A set of half-open key intervals. A lookup after additions costs a sort, so that a hostile txn stays cheap. */
class KeyIntervals {
  /** Invariant: when `#isSorted`, disjoint and ascending. */
  #intervals: { readonly begin: string; readonly end: string }[] = [];
  #isSorted = true;

  /** An interval that ends before it begins is empty. */
  add(begin: string, end: string): void {
    if (begin >= end) return;
    this.#intervals.push({ begin, end });
    this.#isSorted = false;
  }

  addAll(other: KeyIntervals): void {
    for (const { begin, end } of other.#intervals) this.add(begin, end);
  }

  contains(key: string): boolean {
    if (!this.#isSorted) this.#sort();
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const interval = this.#intervals[middle];
      if (interval !== undefined && interval.end <= key) low = middle + 1;
      else high = middle;
    }
    const interval = this.#intervals[low];
    return interval !== undefined && interval.begin <= key;
  }

  #sort(): void {
    const sorted = this.#intervals.sort((a, b) =>
      a.begin < b.begin ? -1 : a.begin > b.begin ? 1 : 0,
    );
    const merged: { begin: string; end: string }[] = [];
    for (const { begin, end } of sorted) {
      const last = merged.at(-1);
      if (last === undefined || begin > last.end) merged.push({ begin, end });
      else if (end > last.end) last.end = end;
    }
    this.#intervals = merged;
    this.#isSorted = true;
  }
}
