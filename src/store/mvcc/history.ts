import { toLatin1 } from '../../base/bytes.js';
import type { ChangeEvent, RevisionEvents } from '../contracts.js';
import { packKeys, parsePackKey } from '../schema/keys.js';
import { PackCursor } from '../schema/revision-pack.js';
import { isTombstone, recordKey, recordKeyValue } from '../schema/revision-record.js';
import { decodeStored, type MvccState } from './state.js';

/** The changes of up to `revisionsMax` revisions from `from` on, all of which are in the tail. */
export function historyInMemory(
  state: MvccState,
  from: number,
  revisionsMax: number,
): RevisionEvents[] {
  const collector = new Collector(state, revisionsMax);
  state.tail.scan(from, (main, _sub, record) => collector.add(main, record));
  return collector.revisions;
}

/**
 * The same for revisions older than the tail. Ends where the tail begins, if not before: a revision is never cut in two,
 * and every revision below the tail is in the database.
 */
export async function historyFromDatabase(
  state: MvccState,
  from: number,
  revisionsMax: number,
): Promise<RevisionEvents[]> {
  const collector = new Collector(state, revisionsMax);
  const end = Math.min(state.tail.firstComplete, state.revision + 1);
  const first = state.packs.indexOf(from, 0);
  const start = first < 0 ? { main: from, sub: 0 } : state.packs.startAt(first);
  for await (const step of state.db.iterate(packKeys(start.main, start.sub, end))) {
    for (const [key, pack] of step) {
      const cursor = new PackCursor(pack, parsePackKey(key));
      while (cursor.next() && cursor.main < end) {
        const { main, sub } = cursor;
        if (main < from) continue;
        decodeStored(cursor.record, main, sub);
        if (!collector.add(main, cursor.record)) return collector.revisions;
      }
    }
  }
  // A compaction may have emptied what lies before the tail, up to its own revision.
  return collector.revisions.length > 0
    ? collector.revisions
    : historyInMemory(state, from, revisionsMax);
}

class Collector {
  readonly revisions: RevisionEvents[] = [];
  readonly #state: MvccState;
  readonly #revisionsMax: number;
  #events: ChangeEvent[] = [];
  #revision = 0;

  constructor(state: MvccState, revisionsMax: number) {
    this.#state = state;
    this.#revisionsMax = revisionsMax;
  }

  /** Takes the next record, which is known to be sound; false when there are enough whole revisions already. */
  add(main: number, record: Uint8Array): boolean {
    if (main !== this.#revision) {
      if (this.revisions.length === this.#revisionsMax) return false;
      this.#revision = main;
      this.#events = [];
      this.revisions.push({ revision: main, events: this.#events });
    }
    this.#events.push(new StoredChange(this.#state, main, record));
    return true;
  }
}

/** A change as the store has it. What it replaced is looked up when it is asked for, for few want it. */
class StoredChange implements ChangeEvent {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly kv: Uint8Array;
  readonly #state: MvccState;
  readonly #main: number;

  constructor(state: MvccState, main: number, record: Uint8Array) {
    this.kind = isTombstone(record) ? 'delete' : 'put';
    this.key = toLatin1(recordKey(record));
    this.kv = recordKeyValue(record);
    this.#state = state;
    this.#main = main;
  }

  get previous(): { readonly main: number; readonly sub: number } | null {
    return previousVersion(this.#state, this.key, this.#main);
  }
}

/** What the change of `key` at `main` replaced; null when the key was absent, or when that is compacted. */
function previousVersion(
  state: MvccState,
  key: string,
  main: number,
): { main: number; sub: number } | null {
  const entry = state.index.get(key);
  if (entry === undefined) return null;
  const position = entry.at(main - 1);
  if (position < 0 || entry.isTombstoneAt(position)) return null;
  return { main: entry.mainAt(position), sub: entry.subAt(position) };
}
