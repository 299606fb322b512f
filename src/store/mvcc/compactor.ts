import { concatBytes, emptyBytes, latin1Between } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import type { DbWrite } from '../../base/ordered-db.js';
import { deadKey, metaKey, packKey } from '../schema/keys.js';
import { damaged, encodeCounter } from '../schema/meta.js';
import { markDead, noneDead, PackCursor } from '../schema/revision-pack.js';
import { recordHeaderBytes } from '../schema/revision-record.js';
import { StoredFields } from '../schema/stored-fields.js';
import type { KeyEntry } from './key-entry.js';
import type { MvccState } from './state.js';

/** Keys looked at in one turn of the loop, at most. */
const keysPerStep = 2000;
/** Packs dealt with in one batch at most, and how many of them are read. */
const packsPerStep = 1000;
const packsReadPerStep = 64;

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
 * Deletes what compactions have made unreachable, in the background and a small step a turn: first from the key index, all
 * of it, noting which packs have lost records; then those packs in the database, oldest first. Reads are not affected, for
 * they are refused below the compaction revision from the moment it is applied. What a crash interrupts is found again in
 * the rebuilt index.
 *
 * A pack whose records are all dead is deleted. One with at most half of them alive is written anew with these. Any other
 * keeps its bytes, and gets bits beside it that say which of its records are dead.
 */
export class Compactor {
  readonly #state: MvccState;
  readonly #options: CompactorOptions;
  readonly #fields = new StoredFields();
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

  /** Stops after the present step and waits for it. A failure is told to whoever started it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running?.catch(() => {});
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
    // From here on every record up to the target is in a pack.
    await this.#options.flushed();
    const { packs } = this.#state;
    const touched = new Uint8Array(packs.length);
    let key: string | null = '';
    while (key !== null && !this.#stopped) {
      key = this.#trimIndex(key, target, touched);
      await this.#turn();
    }
    // A key's older records go before its newer ones, so that a crash between never brings a deleted key back.
    let pack = 0;
    while (pack < touched.length && !this.#stopped) {
      pack = await this.#rewrite(pack, touched);
      await (this.#options.backpressure() ?? this.#turn());
    }
    if (!this.#stopped) packs.sweep();
  }

  /** Drops dead versions of some keys from `from` on; returns where to go on, null at the end. */
  #trimIndex(from: string, target: number, touched: Uint8Array): string | null {
    const { index } = this.#state;
    const emptied: string[] = [];
    const cursor = index.seek(from);
    for (let seen = 0; cursor.valid && seen < keysPerStep; seen++) {
      const entry = cursor.value;
      if (!entry.isSettled && this.#trimEntry(entry, target, touched)) emptied.push(cursor.key);
      cursor.next();
    }
    const next = cursor.valid ? cursor.key : null;
    for (const key of emptied) index.remove(key);
    return next;
  }

  /** Drops what a compaction at `target` does not keep. True when no version is left. */
  #trimEntry(entry: KeyEntry, target: number, touched: Uint8Array): boolean {
    const { packs } = this.#state;
    const kept = entry.firstKept(target);
    for (let position = 0; position < kept; position++) {
      const pack = packs.indexOf(entry.mainAt(position), entry.subAt(position));
      packs.onDead(pack);
      touched[pack] = 1;
    }
    if (kept > 0) this.#state.onRecordsDeleted(kept);
    if (kept > entry.newest) return true;
    entry.dropBefore(kept);
    return false;
  }

  /** Takes the dead records out of some packs, from number `from` on; returns where to go on. */
  async #rewrite(from: number, touched: Uint8Array): Promise<number> {
    const { db, packs } = this.#state;
    const writes: DbWrite[] = [];
    const partly: number[] = [];
    let index = from;
    for (; index < touched.length; index++) {
      if (touched[index] === 0) continue;
      if (partly.length === packsReadPerStep || writes.length >= packsPerStep) break;
      if (packs.aliveAt(index) > 0) partly.push(index);
      else this.#deletePack(index, writes);
    }
    const found = await db.getMany(partly.map((i) => this.#keyOf(i)));
    partly.forEach((i, n) => {
      this.#prunePack(i, found[n] ?? emptyBytes, writes);
    });
    if (writes.length > 0) this.#options.enqueue(writes);
    return index;
  }

  #deletePack(index: number, writes: DbWrite[]): void {
    writes.push({ kind: 'delete', key: this.#keyOf(index) });
    this.#unmark(index, writes);
    this.#state.packs.onRewritten(index);
  }

  #prunePack(index: number, bytes: Uint8Array, writes: DbWrite[]): void {
    const { packs } = this.#state;
    const start = packs.startAt(index);
    const bits = noneDead(packs.totalAt(index));
    const alive: Uint8Array[] = [];
    const cursor = new PackCursor(bytes, start);
    while (cursor.next()) {
      if (this.#isAlive(bytes, cursor)) alive.push(cursor.record);
      else markDead(bits, cursor.ordinal);
    }
    if (alive.length !== packs.aliveAt(index) || cursor.ordinal + 1 !== packs.totalAt(index)) {
      throw damaged(`pack ${start.main}.${start.sub}`);
    }
    if (alive.length * 2 > packs.totalAt(index)) {
      writes.push({ kind: 'put', key: deadKey(start.main, start.sub), value: bits });
      packs.onMarked(index);
      return;
    }
    writes.push({ kind: 'put', key: this.#keyOf(index), value: concatBytes(alive) });
    this.#unmark(index, writes);
    packs.onRewritten(index);
  }

  /** Deletes the pack's dead bits, if there are any. */
  #unmark(index: number, writes: DbWrite[]): void {
    const { packs } = this.#state;
    if (!packs.isMarked(index)) return;
    const { main, sub } = packs.startAt(index);
    writes.push({ kind: 'delete', key: deadKey(main, sub) });
  }

  #keyOf(index: number): Uint8Array {
    const { main, sub } = this.#state.packs.startAt(index);
    return packKey(main, sub);
  }

  /** Whether the index has the record. */
  #isAlive(pack: Uint8Array, { main, start, end }: PackCursor): boolean {
    const fields = this.#fields;
    // Whatever the reader does not take is read as a key that is not there, and the count tells.
    fields.read(pack, start + recordHeaderBytes, end);
    const entry = this.#state.index.get(latin1Between(pack, fields.keyFrom, fields.keyTo));
    if (entry === undefined) return false;
    const position = entry.at(main);
    return position >= 0 && entry.mainAt(position) === main;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.defer(resolve));
  }
}
