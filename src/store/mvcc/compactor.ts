import type { Clock } from '../../base/clock.js';
import type { DbWrite } from '../../base/ordered-db.js';
import { metaKey, revisionKey } from '../schema/keys.js';
import { encodeCounter } from '../schema/meta.js';
import type { KeyEntry } from './key-entry.js';
import type { MvccState } from './state.js';

/** Keys looked at in one turn of the loop, at most. */
const keysPerStep = 2000;
/** Records deleted in one batch, about. */
const deletesPerBatch = 1000;

/** What the compactor needs of the store around it. */
export interface CompactorOptions {
  readonly clock: Clock;
  /** Queues database writes behind everything applied so far. */
  readonly enqueue: (writes: readonly DbWrite[]) => void;
  /** Resolves when what waits for the database is little again. */
  readonly backpressure: () => Promise<void> | undefined;
  /** Resolves when everything queued so far is in the database. */
  readonly flushed: () => Promise<void>;
}

/**
 * Deletes what compactions have made unreachable: walks the key index in the background, a small step a turn, and deletes
 * from the index and from the database in one go. Reads are not affected, for they are refused below the compaction
 * revision from the moment it is applied. What a crash interrupts is found again in the rebuilt index.
 */
export class Compactor {
  readonly #state: MvccState;
  readonly #options: CompactorOptions;
  #running: Promise<void> | null = null;
  #stopped = false;

  constructor(state: MvccState, options: CompactorOptions) {
    this.#state = state;
    this.#options = options;
  }

  /** Deletes in the background up to the state's compaction revision; resolves when that is done and in the database. */
  start(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Stops after the present step and waits for it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      // Not in the turn of the apply that asked.
      await this.#turn();
      while (!this.#stopped && this.#state.compactFinished < this.#state.compactRevision) {
        const target = this.#state.compactRevision;
        await this.#compact(target);
        if (this.#stopped) return;
        const value = encodeCounter(target);
        this.#options.enqueue([{ kind: 'put', key: metaKey.compactFinished, value }]);
        this.#state.compactFinished = target;
        // Another compaction may be applied meanwhile: it is this run's too.
        await this.#options.flushed();
      }
    } finally {
      this.#running = null;
    }
  }

  async #compact(target: number): Promise<void> {
    let next: string | null = '';
    while (next !== null && !this.#stopped) {
      const deletes: DbWrite[] = [];
      next = this.#step(next, target, deletes);
      if (deletes.length > 0) {
        this.#options.enqueue(deletes);
        this.#state.onRecordsDeleted(deletes.length);
      }
      await (this.#options.backpressure() ?? this.#turn());
    }
  }

  /** Looks at some keys from `from` on; returns where to go on, null at the end. */
  #step(from: string, target: number, deletes: DbWrite[]): string | null {
    const { index } = this.#state;
    const emptied: string[] = [];
    const cursor = index.seek(from);
    let seen = 0;
    while (cursor.valid && seen < keysPerStep && deletes.length < deletesPerBatch) {
      const entry = cursor.value;
      if (!entry.isSettled && dropSpent(entry, target, deletes)) emptied.push(cursor.key);
      seen++;
      cursor.next();
    }
    const next = cursor.valid ? cursor.key : null;
    for (const key of emptied) index.remove(key);
    return next;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.defer(resolve));
  }
}

/** Drops what a compaction at `target` does not keep, oldest first. True when no version is left. */
function dropSpent(entry: KeyEntry, target: number, deletes: DbWrite[]): boolean {
  const kept = entry.firstKept(target);
  for (let position = 0; position < kept; position++) {
    const key = revisionKey(entry.mainAt(position), entry.subAt(position));
    deletes.push({ kind: 'delete', key });
  }
  if (kept > entry.newest) return true;
  entry.dropBefore(kept);
  return false;
}
