import { assert, defined } from '../../../src/base/assert.js';
import type { DurableWrite, Entry, HardState, Index } from '../../../src/raft/core/index.js';

/** The log on a member's disk: only what completed writes brought there. */
export interface Wal {
  hardState: HardState;
  base: { index: Index; term: number };
  entries: Entry[];
}

/** The index of the last entry. */
export function lastIndexOf(wal: Wal): Index {
  return wal.base.index + wal.entries.length;
}

/** The term of an entry; undefined outside. */
export function termIn(wal: Wal, index: Index): number | undefined {
  return index === wal.base.index ? wal.base.term : wal.entries[index - wal.base.index - 1]?.term;
}

/** A copy that changes apart. */
export function cloneWal(wal: Wal): Wal {
  return { hardState: wal.hardState, base: { ...wal.base }, entries: [...wal.entries] };
}

/** What a write does to a log, on disk or as the core sees it. */
export function appendToWal(wal: Wal, write: DurableWrite): void {
  if (write.snapshot !== null) {
    wal.base = { index: write.snapshot.index, term: write.snapshot.term };
    wal.entries = [];
  }
  const first = write.entries[0];
  if (first === undefined) return;
  assert(first.index <= lastIndexOf(wal) + 1, 'gap in the log');
  assert(first.index > wal.base.index, 'write below the base');
  wal.entries.length = first.index - wal.base.index - 1;
  wal.entries.push(...write.entries);
}

/** Drops the entries up to `index`. */
export function compactWal(wal: Wal, index: Index): void {
  if (index <= wal.base.index) return;
  const term = defined(termIn(wal, index), `term of entry ${index}`);
  wal.entries = wal.entries.slice(index - wal.base.index);
  wal.base = { index, term };
}
