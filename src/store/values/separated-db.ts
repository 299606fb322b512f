import { toLatin1 } from '../../base/bytes.js';
import { type Defect, noDefects } from '../../base/defect.js';
import type { Disk } from '../../base/disk.js';
import type {
  DbRange,
  DbSnapshot,
  DbWrite,
  OrderedDb,
  OrderedDbHome,
} from '../../base/ordered-db.js';
import { Readers } from './readers.js';
import { decodePlace, encodePlace, type KeptValue, looksLikePlace } from './value-file.js';
import { ValueFiles, ValueFolder } from './value-files.js';

/** Where values of which size are kept. */
export interface SeparationOptions {
  readonly disk: Disk;
  /** Folder of the files on the disk. */
  readonly dir: string;
  /** Values from this size on are kept in files. May differ from one start to the next. */
  readonly valueBytesMin: number;
  readonly defects?: ReadonlySet<Defect>;
}

/**
 * Databases whose large values are in files beside them: LevelDB would write each of them twice, into its log and into a table,
 * with slow checksums and copies. A file is durable before a batch that refers to it is written, and is removed only after the
 * batch that let go of it is durable, so that whatever state of the database a crash leaves, its values are there.
 */
export function separateValues(home: OrderedDbHome, options: SeparationOptions): OrderedDbHome {
  return new SeparatedHome(home, options);
}

class SeparatedHome implements OrderedDbHome {
  readonly #home: OrderedDbHome;
  readonly #folder: ValueFolder;
  readonly #valueBytesMin: number;
  #current: SeparatedDb | null = null;
  #replacement: SeparatedDb | null = null;

  constructor(home: OrderedDbHome, options: SeparationOptions) {
    const { disk, dir, valueBytesMin, defects = noDefects } = options;
    this.#home = home;
    this.#folder = new ValueFolder(disk, dir, defects);
    this.#valueBytesMin = valueBytesMin;
  }

  async openCurrent(): Promise<OrderedDb> {
    const db = await this.#home.openCurrent();
    try {
      const current = this.#wrap(db);
      await current.files.load(await this.#folder.open(), db);
      this.#current = current;
      return current;
    } catch (error) {
      await db.close();
      throw error;
    }
  }

  async openReplacement(): Promise<OrderedDb> {
    await this.#replacement?.files.removeAll();
    this.#replacement = this.#wrap(await this.#home.openReplacement());
    return this.#replacement;
  }

  async promote(replacement: OrderedDb): Promise<void> {
    const next = this.#replacement;
    if (next === null || next !== replacement) {
      throw new Error('promote takes the database that openReplacement returned last');
    }
    await this.#home.promote(next.inner);
    const old = this.#current;
    this.#current = next;
    this.#replacement = null;
    await old?.files.removeAll();
  }

  #wrap(db: OrderedDb): SeparatedDb {
    return new SeparatedDb(db, new ValueFiles(this.#folder), this.#valueBytesMin);
  }
}

type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** Bytes of values from files that are handed out in one step of an iteration. */
const stepBytes = 1024 * 1024;

class SeparatedDb implements OrderedDb {
  readonly inner: OrderedDb;
  readonly files: ValueFiles;
  readonly #valueBytesMin: number;
  readonly #readers = new Readers();
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(inner: OrderedDb, files: ValueFiles, valueBytesMin: number) {
    this.inner = inner;
    this.files = files;
    this.#valueBytesMin = valueBytesMin;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const done = this.#readers.begin();
    try {
      return await this.#resolve(await this.inner.get(key));
    } finally {
      done();
    }
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    const value = this.inner.getSync(key);
    const place = value && decodePlace(value);
    return place ? this.files.readNow(place) : value;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const done = this.#readers.begin();
    try {
      const values = await this.inner.getMany(keys);
      for (let i = 0; i < values.length; i++) values[i] = await this.#resolve(values[i]);
      return values;
    } finally {
      done();
    }
  }

  async *iterate(range: DbRange): AsyncGenerator<readonly Entry[]> {
    const done = this.#readers.begin();
    try {
      yield* this.#resolveSteps(this.inner.iterate(range));
    } finally {
      done();
    }
  }

  write(batch: readonly DbWrite[], options: { readonly sync: boolean }): Promise<void> {
    const result = this.#lastWrite.then(() => this.#write(batch, options));
    this.#lastWrite = result;
    // Whoever called sees the failure; later writes fail with it too.
    result.catch(() => {});
    return result;
  }

  snapshot(): DbSnapshot {
    const snapshot = this.inner.snapshot();
    const done = this.#readers.begin();
    return {
      iterate: (range) => this.#resolveSteps(snapshot.iterate(range)),
      close: async () => {
        done();
        await snapshot.close();
      },
    };
  }

  async sizeBytes(): Promise<number> {
    return (await this.inner.sizeBytes()) + this.files.bytes;
  }

  compactRange(range: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Promise<void> {
    return this.inner.compactRange(range);
  }

  async close(): Promise<void> {
    await this.#lastWrite.catch(() => {});
    await this.inner.close();
  }

  async #write(batch: readonly DbWrite[], { sync }: { readonly sync: boolean }): Promise<void> {
    const large: KeptValue[] = [];
    for (const write of batch) if (this.#isLarge(write)) large.push(write);
    if (large.length === 0 && this.files.isEmpty) {
      await this.inner.write(batch, { sync });
      return;
    }
    const places = large.length === 0 ? [] : await this.files.add(large);
    let next = 0;
    const writes = batch.map((write): DbWrite => {
      const key = toLatin1(write.key);
      this.files.release(key);
      const place = this.#isLarge(write) ? places[next++] : undefined;
      if (place === undefined) return write;
      this.files.use(key, place);
      return { kind: 'put', key: write.key, value: encodePlace(place) };
    });
    const unused = this.files.takeUnused();
    const isGoing = unused.length > 0 && !this.files.removesEarly;
    await this.inner.write(writes, { sync: sync || isGoing });
    if (unused.length > 0) this.#readers.afterThese(() => this.files.remove(unused));
    await this.#readers.cleanUps;
  }

  #isLarge(write: DbWrite): write is Extract<DbWrite, { kind: 'put' }> {
    if (write.kind === 'delete') return false;
    return write.value.length >= this.#valueBytesMin || looksLikePlace(write.value);
  }

  async #resolve(value: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const place = value && decodePlace(value);
    return place ? this.files.read(place) : value;
  }

  /** Steps with values in the place of their places: of a bounded size again. */
  async *#resolveSteps(steps: AsyncIterable<readonly Entry[]>): AsyncGenerator<readonly Entry[]> {
    for await (const step of steps) {
      let ready: Entry[] = [];
      let bytes = 0;
      for (const entry of step) {
        const place = decodePlace(entry[1]);
        ready.push(place === null ? entry : [entry[0], await this.files.read(place)]);
        bytes += place?.length ?? 0;
        if (bytes < stepBytes) continue;
        yield ready;
        ready = [];
        bytes = 0;
      }
      if (ready.length > 0) yield ready;
    }
  }
}
