import { assert, defined, verify } from '../../base/assert.js';
import { emptyBytes } from '../../base/bytes.js';
import type { Entry, Index, Term } from './types.js';

/** What an entry weighs beyond its data when messages and batches are bounded by bytes. */
export const entryOverheadBytes = 16;

/** An entry's weight in bytes. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + entryOverheadBytes;
}

/** The empty list of entries, shared. */
export const noEntries: readonly Entry[] = Object.freeze([]);

/** Stands in a slot whose entry was dropped, so that the entry's memory is free before the array is cut. */
const droppedEntry: Entry = { term: 0, index: 0, kind: 'normal', data: emptyBytes };

/**
 * The log in memory: the entries after `base`, whose own term is known too. Lists handed out are copies: nothing that
 * happens to the log later shows in them.
 */
export class RaftLog {
  #baseIndex: Index;
  #baseTerm: Term;
  /** Invariant: `#entries[#head + i]` has index `#baseIndex + 1 + i`; slots before `#head` are dropped. */
  #entries: Entry[];
  #head = 0;
  /** The list handed out last: the followers of a leader mostly want the same. */
  #memo: { from: Index; to: Index; bytesMax: number; entries: readonly Entry[] } | null = null;

  /** `entries` follow `base` without a gap. */
  constructor(base: { readonly index: Index; readonly term: Term }, entries: readonly Entry[]) {
    this.#baseIndex = base.index;
    this.#baseTerm = base.term;
    this.#entries = [];
    this.append(entries);
  }

  /** The entry before the first one kept: 0 for a log that is whole. */
  get baseIndex(): Index {
    return this.#baseIndex;
  }

  get baseTerm(): Term {
    return this.#baseTerm;
  }

  get firstIndex(): Index {
    return this.#baseIndex + 1;
  }

  get lastIndex(): Index {
    return this.#baseIndex + this.#entries.length - this.#head;
  }

  get lastTerm(): Term {
    const last = this.#entries.length - 1;
    return last < this.#head ? this.#baseTerm : (this.#entries[last] as Entry).term;
  }

  /** The entry's term, also that of `base`; undefined outside the log. */
  termAt(index: Index): Term | undefined {
    if (index === this.#baseIndex) return this.#baseTerm;
    if (index < this.#baseIndex || index > this.lastIndex) return undefined;
    return this.#at(index).term;
  }

  /** Whether this log has an entry of this index and term: then it is the same up to there as any other that does. */
  matches(index: Index, term: Term): boolean {
    return this.termAt(index) === term;
  }

  /** Appends entries that follow the last one. */
  append(entries: readonly Entry[]): void {
    let last = this.lastIndex;
    let term = this.lastTerm;
    for (const entry of entries) {
      assert(entry.index === last + 1, 'an entry does not follow the one before');
      assert(entry.term >= term, 'the term of an entry is below that of the one before');
      this.#entries.push(entry);
      last = entry.index;
      term = entry.term;
    }
  }

  /** Drops the entries from `index` on. */
  truncateFrom(index: Index): void {
    assert(index > this.#baseIndex, `truncation at ${index} reaches base ${this.#baseIndex}`);
    assert(index <= this.lastIndex + 1);
    this.#memo = null;
    this.#entries.length = this.#head + index - this.#baseIndex - 1;
  }

  /** Drops the entries up to `index`, which becomes the base. Amortised constant time an entry. */
  compactTo(index: Index): void {
    const term = defined(this.termAt(index), `term of entry ${index}`);
    this.#memo = null;
    const head = this.#head + index - this.#baseIndex;
    this.#entries.fill(droppedEntry, this.#head, head);
    this.#head = head;
    this.#baseIndex = index;
    this.#baseTerm = term;
    if (2 * this.#head >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Forgets everything: the log starts after a snapshot. */
  reset(base: { readonly index: Index; readonly term: Term }): void {
    this.#memo = null;
    this.#entries = [];
    this.#head = 0;
    this.#baseIndex = base.index;
    this.#baseTerm = base.term;
  }

  /** Entries `from` to `to`, both included, as many as fit in `bytesMax` but at least one unless the range is empty. */
  slice(from: Index, to: Index, bytesMax: number): readonly Entry[] {
    assert(from > this.#baseIndex);
    assert(to <= this.lastIndex);
    if (from > to) return noEntries;
    const memo = this.#memo;
    if (memo !== null && memo.from === from && memo.to === to && memo.bytesMax === bytesMax) {
      return memo.entries;
    }
    const start = this.#head + from - this.#baseIndex - 1;
    const end = start + to - from + 1;
    let stop = end;
    if (bytesMax !== Number.POSITIVE_INFINITY) {
      let bytes = entryBytes(this.#entries[start] as Entry);
      for (stop = start + 1; stop < end; stop++) {
        bytes += entryBytes(this.#entries[stop] as Entry);
        if (bytes > bytesMax) break;
      }
    }
    const entries = this.#entries.slice(start, stop);
    this.#memo = { from, to, bytesMax, entries };
    verify(() => entries.every((entry, i) => entry.index === from + i));
    return entries;
  }

  /**
   * The largest index up to `index` whose term is at most `term`: where a log that ends in (`index`, `term`) may agree
   * with this one, skipping whole terms at once (Raft dissertation 3.5, last paragraph). `baseIndex - 1` when even the
   * base is of a later term; `index` itself when it is before the base. Terms never decrease along the log, so it is
   * found by halving.
   */
  agreementBound(index: Index, term: Term): Index {
    if (index < this.#baseIndex) return index;
    if (this.#baseTerm > term) return this.#baseIndex - 1;
    let low = this.#baseIndex;
    let high = Math.min(index, this.lastIndex);
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2);
      if (this.#at(middle).term <= term) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The index of the last config entry in `from` to `to`, both included; 0 when there is none. */
  lastConfigIndex(from: Index, to: Index): Index {
    for (let index = to; index >= Math.max(from, this.firstIndex); index--) {
      if (this.#at(index).kind === 'config') return index;
    }
    return 0;
  }

  /** The bytes of data (without overhead) in `from` to `to`, both included. */
  dataBytes(from: Index, to: Index): number {
    let bytes = 0;
    for (let index = from; index <= to; index++) bytes += this.#at(index).data.length;
    return bytes;
  }

  #at(index: Index): Entry {
    return this.#entries[this.#head + index - this.#baseIndex - 1] as Entry;
  }
}
