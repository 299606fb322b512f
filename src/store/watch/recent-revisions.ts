import { defined } from '../../base/assert.js';
import type { SharedRevision } from './shared-event.js';

/**
 * The newest revisions, so that a watcher that is a little behind catches up without a read, and with events that all
 * share.
 */
export class RecentRevisions {
  readonly #countMax: number;
  readonly #bytesMax: number;
  /** By revision. Invariant: the keys are the consecutive numbers from #oldest on. */
  readonly #revisions = new Map<number, SharedRevision>();
  #oldest = 0;
  #bytes = 0;

  /** `bytesMax` counts keys and values; with the encodings made of them it is up to four times that. */
  constructor(options: { readonly countMax: number; readonly bytesMax: number }) {
    this.#countMax = options.countMax;
    this.#bytesMax = options.bytesMax;
  }

  /** Takes a revision that is newer than all before; keeps it even if it is larger than the limit. */
  append(added: SharedRevision): void {
    if (this.#oldest + this.#revisions.size !== added.revision) this.clear();
    if (this.#revisions.size === 0) this.#oldest = added.revision;
    this.#revisions.set(added.revision, added);
    this.#bytes += added.bytes;
    while (this.#isOverLimit()) {
      this.#bytes -= defined(this.#revisions.get(this.#oldest)).bytes;
      this.#revisions.delete(this.#oldest++);
    }
  }

  /** Revisions from `from` on, at most `countMax`; none when that one is not here. */
  from(from: number, countMax: number): readonly SharedRevision[] {
    const found: SharedRevision[] = [];
    for (let revision = from; found.length < countMax; revision++) {
      const next = this.#revisions.get(revision);
      if (next === undefined) break;
      found.push(next);
    }
    return found;
  }

  clear(): void {
    this.#revisions.clear();
    this.#bytes = 0;
  }

  #isOverLimit(): boolean {
    const { size } = this.#revisions;
    return size > 1 && (size > this.#countMax || this.#bytes > this.#bytesMax);
  }
}
