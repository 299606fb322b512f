import type { SharedRevision } from './shared-event.js';

/** A stretch of the history, as far as it has events; all of it up to `through` is known. */
export interface Stretch {
  readonly revisions: readonly SharedRevision[];
  readonly through: number;
}

/** Reads of full size that are kept. Watchers of one slow stream are served one after the other, so they spread. */
const windowReads = 8;

/**
 * The stretch of history that was read last, kept while watchers are behind, so that those who come after one another from
 * about the same place share one read and one encoding. It grows at its end as they go on, and is cut at its beginning.
 */
export class HistoryWindow {
  readonly #revisionsMax: number;
  readonly #bytesMax: number;
  #revisions: SharedRevision[] = [];
  /** Everything from #from to #through is here. Invariant: empty when #from > #through. */
  #from = 1;
  #through = 0;
  #bytes = 0;

  constructor(options: { readonly revisionsMax: number; readonly bytesMax: number }) {
    this.#revisionsMax = options.revisionsMax;
    this.#bytesMax = options.bytesMax;
  }

  /** What is known from revision `from` on, at most `revisionsMax` revisions; undefined when nothing is. */
  at(from: number): Stretch | undefined {
    if (from < this.#from || from > this.#through) return undefined;
    const start = this.#indexOf(from);
    const revisions = this.#revisions.slice(start, start + this.#revisionsMax);
    const isAll = start + revisions.length === this.#revisions.length;
    const last = revisions.at(-1);
    return { revisions, through: isAll || last === undefined ? this.#through : last.revision };
  }

  /** Takes what was read from revision `from` on. */
  add(from: number, read: Stretch): void {
    if (from !== this.#through + 1) {
      this.clear();
      this.#from = from;
    }
    for (const revision of read.revisions) {
      this.#revisions.push(revision);
      this.#bytes += revision.bytes;
    }
    this.#through = read.through;
    this.#trim(read.revisions.length);
  }

  clear(): void {
    this.#revisions = [];
    this.#bytes = 0;
    this.#from = 1;
    this.#through = 0;
  }

  /** Drops from the beginning what is over the limits, but nothing of the `newCount` that came last. */
  #trim(newCount: number): void {
    let count = 0;
    const droppable = this.#revisions.length - newCount;
    while (count < droppable) {
      const left = this.#revisions.length - count;
      if (left <= windowReads * this.#revisionsMax && this.#bytes <= this.#bytesMax) break;
      const dropped = this.#revisions[count++] as SharedRevision;
      this.#bytes -= dropped.bytes;
      this.#from = dropped.revision + 1;
    }
    if (count > 0) this.#revisions.splice(0, count);
  }

  /** Index of the first revision at or after `from`. */
  #indexOf(from: number): number {
    let low = 0;
    let high = this.#revisions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#revisions[middle] as SharedRevision).revision < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
