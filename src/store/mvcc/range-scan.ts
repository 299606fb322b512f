import { fromLatin1 } from '../../base/bytes.js';
import { type RangeRequest, SortTarget } from '../../wire/gen/etcdserverpb.js';
import { KeyValue } from '../../wire/gen/mvccpb.js';
import { emptyBytes } from '../../wire/reader.js';
import { recordKeyValue } from '../schema/revision-record.js';
import type { KeyEntry } from './key-entry.js';
import type { KeyBounds } from './key-index.js';
import { boundsOf, fetchLimit } from './range-options.js';
import type { MvccState } from './state.js';

/**
 * Collects the keys of one range request as they are at one revision, in steps, so that a long one can give the event loop
 * back in between. The state may move on between steps: the revision stays readable until a compaction passes it.
 */
export class RangeScan {
  readonly #state: MvccState;
  readonly #revision: number;
  readonly #bounds: KeyBounds;
  readonly #limit: number;
  /** Values are neither returned nor needed for the order. */
  readonly #withoutValues: boolean;
  /** The count is known from the index, so the walk may end at the limit. */
  readonly #isCounted: boolean;
  /** Where the next step begins; null at the end. */
  #next: string | null;
  /** Keys of the range at the revision: all of them once the scan is done. */
  count = 0;
  /** Found so far, in key order, encoded mvccpb.KeyValue each. Entries that `missing` names are placeholders. */
  readonly kvs: Uint8Array[] = [];
  /** Places in `kvs` whose records are not in memory, with their revisions. */
  missing: { readonly place: number; readonly main: number; readonly sub: number }[] = [];

  constructor(state: MvccState, request: RangeRequest, revision: number) {
    this.#state = state;
    this.#revision = revision;
    this.#bounds = boundsOf(request.key, request.rangeEnd);
    this.#limit = fetchLimit(request);
    this.#withoutValues = request.keysOnly && request.sortTarget !== SortTarget.VALUE;
    this.#isCounted = revision === state.revision;
    if (this.#isCounted) this.count = state.index.count(this.#bounds);
    this.#next = this.#isCounted && this.count === 0 ? null : this.#bounds.lower;
    if (this.#isCounted && this.#limit === 0) this.#next = null;
  }

  get done(): boolean {
    return this.#next === null;
  }

  /** Looks at up to `keysMax` keys. */
  step(keysMax: number): void {
    if (this.#next === null) return;
    const { upper } = this.#bounds;
    const cursor = this.#state.index.seek(this.#next);
    for (let seen = 0; ; seen++) {
      if (!cursor.valid || (upper !== null && cursor.key >= upper)) {
        this.#next = null;
        return;
      }
      if (seen === keysMax) {
        this.#next = cursor.key;
        return;
      }
      this.#visit(cursor.key, cursor.value);
      if (this.#isCounted && this.kvs.length >= this.#limit) {
        this.#next = null;
        return;
      }
      cursor.next();
    }
  }

  #visit(key: string, entry: KeyEntry): void {
    const position = entry.at(this.#revision);
    if (position < 0 || entry.isTombstoneAt(position)) return;
    if (!this.#isCounted) this.count++;
    if (this.kvs.length >= this.#limit) return;
    if (this.#withoutValues && position === entry.newest) {
      this.kvs.push(keyOnly(key, entry));
      return;
    }
    const main = entry.mainAt(position);
    const sub = entry.subAt(position);
    const record = this.#state.recordInMemory(main, sub);
    if (record === undefined) {
      this.missing.push({ place: this.kvs.length, main, sub });
      this.kvs.push(emptyBytes);
    } else {
      this.kvs.push(recordKeyValue(record));
    }
  }
}

function keyOnly(key: string, entry: KeyEntry): Uint8Array {
  return KeyValue.encode({
    key: fromLatin1(key),
    createRevision: entry.create,
    modRevision: entry.main,
    version: entry.version,
    lease: entry.lease,
  });
}
