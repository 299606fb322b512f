import { assert } from '../../base/assert.js';
import { equalBytes, toLatin1 } from '../../base/bytes.js';
import type { Defect } from '../../base/defect.js';
import { type Disk, DiskError } from '../../base/disk.js';
import { makeDurableDir } from '../../base/durable-dir.js';
import type { OrderedDb } from '../../base/ordered-db.js';
import { crc32 } from '../../host/crc32.js';
import { damaged } from '../schema/meta.js';
import {
  decodeHead,
  encodeHead,
  encodePlace,
  headLength,
  type KeptValue,
  type ValuePlace,
} from './value-file.js';

const namePattern = /^(\d{16})\.values$/;
/** As much of a file is read at first: nearly always its whole head. */
const firstReadBytes = 4096;
/** Files that are looked at side by side when the database opens. */
const filesAtOnce = 16;

/** The folder that the files of all databases of a member are in. Numbers are given once. */
export class ValueFolder {
  readonly disk: Disk;
  readonly dir: string;
  readonly defects: ReadonlySet<Defect>;
  #nextNumber = 1;

  constructor(disk: Disk, dir: string, defects: ReadonlySet<Defect>) {
    this.disk = disk;
    this.dir = dir;
    this.defects = defects;
  }

  takeNumber(): number {
    return this.#nextNumber++;
  }

  pathOf(number: number): string {
    return `${this.dir}/${String(number).padStart(16, '0')}.values`;
  }

  /** Makes the folder, and returns the numbers of the files in it. */
  async open(): Promise<number[]> {
    await makeDurableDir(this.disk, this.dir);
    const numbers: number[] = [];
    for (const name of await this.disk.list(this.dir)) {
      const digits = namePattern.exec(name)?.[1];
      if (digits !== undefined) numbers.push(Number(digits));
    }
    this.#nextNumber = Math.max(this.#nextNumber, 1 + Math.max(0, ...numbers));
    return numbers;
  }
}

/** A file, and how many of its values the database has. */
interface KeptFile {
  readonly bytes: number;
  used: number;
}

/** The files with the large values of one database. */
export class ValueFiles {
  readonly #folder: ValueFolder;
  readonly #files = new Map<number, KeptFile>();
  /** By key (latin1) which file has its value, for the keys whose value is in any. */
  readonly #fileOf = new Map<string, number>();
  /** Files of which something was released since {@link takeUnused}. */
  #released = new Set<number>();
  #bytes = 0;

  constructor(folder: ValueFolder) {
    this.#folder = folder;
  }

  /** Size of all files. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Seeded defect: files are removed before that is safe. */
  get removesEarly(): boolean {
    return this.#folder.defects.has('value-file-removed-early');
  }

  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /** Finds out what the database has in these files, and removes those that it has nothing in. */
  async load(numbers: readonly number[], db: OrderedDb): Promise<void> {
    for (let i = 0; i < numbers.length; i += filesAtOnce) {
      const part = numbers.slice(i, i + filesAtOnce);
      await Promise.all(part.map((number) => this.#loadFile(number, db)));
    }
  }

  /** Writes values into a new file, and resolves with their places once they are durable. None of them is in use yet. */
  async add(values: readonly KeptValue[]): Promise<readonly ValuePlace[]> {
    const { disk, dir, defects } = this.#folder;
    const isSynced = !defects.has('value-file-unsynced');
    const number = this.#folder.takeNumber();
    const { head, places } = encodeHead(number, values);
    const file = await disk.open(this.#folder.pathOf(number), { create: true });
    try {
      file.write(0, [head, ...values.map(({ value }) => value)]);
      if (isSynced) await file.sync();
    } finally {
      await file.close();
    }
    if (isSynced) await disk.syncDir(dir);
    this.#keep(number, head, places);
    return places;
  }

  /** The database has the key's value at this place from now on. */
  use(key: string, { file }: ValuePlace): void {
    const kept = this.#files.get(file);
    assert(kept !== undefined, 'a value is in no file');
    kept.used++;
    this.#fileOf.set(key, file);
  }

  /** The database has another value under the key from now on, or none. */
  release(key: string): void {
    const number = this.#fileOf.get(key);
    const kept = number === undefined ? undefined : this.#files.get(number);
    if (number === undefined || kept === undefined) return;
    this.#fileOf.delete(key);
    kept.used--;
    this.#released.add(number);
  }

  /** The files that nothing is used of any more. Whoever takes them removes them. */
  takeUnused(): readonly number[] {
    const unused: number[] = [];
    for (const number of this.#released) {
      const kept = this.#files.get(number);
      if (kept === undefined || kept.used > 0) continue;
      this.#files.delete(number);
      this.#bytes -= kept.bytes;
      unused.push(number);
    }
    this.#released.clear();
    return unused;
  }

  async remove(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) await this.#folder.disk.remove(this.#folder.pathOf(number));
  }

  /** Removes all files: the database is gone. */
  async removeAll(): Promise<void> {
    const numbers = [...this.#files.keys()];
    this.#files.clear();
    this.#fileOf.clear();
    this.#bytes = 0;
    await this.remove(numbers);
  }

  /** Throws StoreDataError `damaged`. */
  async read(place: ValuePlace): Promise<Uint8Array> {
    return checked(place, await this.#read(place.file, place.offset, place.length));
  }

  /** The same, blocking the thread. */
  readNow(place: ValuePlace): Uint8Array {
    const { disk } = this.#folder;
    const path = this.#folder.pathOf(place.file);
    try {
      return checked(place, disk.readNow(path, place.offset, place.length));
    } catch (error) {
      throw asDamage(place.file, error);
    }
  }

  async #read(number: number, offset: number, length: number): Promise<Uint8Array> {
    try {
      const file = await this.#folder.disk.open(this.#folder.pathOf(number), { create: false });
      try {
        return await file.read(offset, length);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw asDamage(number, error);
    }
  }

  /** A file without a whole head was being written when a crash came: nothing refers to it. */
  async #loadFile(number: number, db: OrderedDb): Promise<void> {
    const head = await this.#readHead(number);
    const kept = (head && decodeHead(number, head)) ?? [];
    const places = kept.map(({ place }) => place);
    if (head !== null && kept.length > 0) this.#keep(number, head, places);
    let used = 0;
    for (const { key, place } of kept) {
      const found = await db.get(key);
      if (found === undefined || !equalBytes(found, encodePlace(place))) continue;
      this.use(toLatin1(key), place);
      used++;
    }
    if (used > 0) return;
    const file = this.#files.get(number);
    if (file !== undefined) this.#bytes -= file.bytes;
    this.#files.delete(number);
    await this.remove([number]);
  }

  async #readHead(number: number): Promise<Uint8Array | null> {
    const start = await this.#read(number, 0, firstReadBytes);
    const length = headLength(start);
    if (length === null) return null;
    return length <= start.length ? start.subarray(0, length) : this.#read(number, 0, length);
  }

  #keep(number: number, head: Uint8Array, places: readonly ValuePlace[]): void {
    let bytes = head.length;
    for (const { length } of places) bytes += length;
    this.#files.set(number, { bytes, used: 0 });
    this.#bytes += bytes;
  }
}

function checked(place: ValuePlace, bytes: Uint8Array): Uint8Array {
  const isWhole = bytes.length === place.length && crc32(bytes) === place.checksum;
  if (!isWhole) throw damaged(nameOf(place.file));
  return bytes;
}

/** A file that is not there is damage; other errors of the disk are its own. */
function asDamage(number: number, error: unknown): unknown {
  if (!(error instanceof DiskError) || error.code !== 'not-found') return error;
  return damaged(nameOf(number), { cause: error });
}

function nameOf(number: number): string {
  return `values file ${number}`;
}
