import type { Prng } from '../../src/base/prng.js';

/** A disk writes this much or nothing, or tears within it. */
const sectorBytes = 512;
const pageBytes = 4096;

/** A byte array with holes of zeros. */
class SparseBytes {
  size = 0;
  readonly #pages = new Map<number, Uint8Array>();

  read(position: number, length: number): Uint8Array {
    const end = Math.min(this.size, position + length);
    const bytes = new Uint8Array(Math.max(0, end - position));
    for (let at = position; at < end; ) {
      const start = at % pageBytes;
      const take = Math.min(pageBytes - start, end - at);
      const page = this.#pages.get((at - start) / pageBytes);
      if (page !== undefined) bytes.set(page.subarray(start, start + take), at - position);
      at += take;
    }
    return bytes;
  }

  write(position: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const start = (position + done) % pageBytes;
      const take = Math.min(pageBytes - start, bytes.length - done);
      this.#page((position + done - start) / pageBytes).set(
        bytes.subarray(done, done + take),
        start,
      );
      done += take;
    }
    this.size = Math.max(this.size, position + bytes.length);
  }

  resize(size: number): void {
    if (size < this.size) this.write(size, new Uint8Array(this.size - size));
    this.size = size;
  }

  clone(): SparseBytes {
    const copy = new SparseBytes();
    copy.size = this.size;
    for (const [number, page] of this.#pages) copy.#pages.set(number, page.slice());
    return copy;
  }

  #page(number: number): Uint8Array {
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint8Array(pageBytes);
      this.#pages.set(number, page);
    }
    return page;
  }
}

/** Something that was done to a file and is not synced. */
type Change = { readonly number: number } & (
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'resize'; readonly size: number }
);

/** A file's content as the cache has it, as the disk has it, and what lies between. */
export class SimInode {
  #cached = new SparseBytes();
  readonly #durable = new SparseBytes();
  #unsynced: Change[] = [];
  #lastChange = 0;

  get size(): number {
    return this.#cached.size;
  }

  /** Number of the newest change; syncing up to it covers all before. */
  get lastChange(): number {
    return this.#lastChange;
  }

  read(position: number, length: number): Uint8Array {
    return this.#cached.read(position, length);
  }

  /** Writes `length` bytes of chunks, contiguous. */
  write(position: number, chunks: readonly Uint8Array[], length: number): void {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    this.#cached.write(position, bytes);
    this.#unsynced.push({ number: ++this.#lastChange, kind: 'write', position, bytes });
  }

  extend(size: number): void {
    if (size > this.size) this.truncate(size);
  }

  truncate(size: number): void {
    this.#cached.resize(size);
    this.#unsynced.push({ number: ++this.#lastChange, kind: 'resize', size });
  }

  /** Makes all changes up to a number durable. */
  persist(upTo: number): void {
    for (const change of this.#takeUpTo(upTo)) {
      if (change.kind === 'write') this.#durable.write(change.position, change.bytes);
      else this.#durable.resize(change.size);
    }
  }

  /** Each sector of each change up to a number is made durable by chance; all of them count as synced. */
  persistSome(
    upTo: number,
    prng: Prng,
    { keepChance, tornChance }: { readonly keepChance: number; readonly tornChance: number },
  ): void {
    for (const change of this.#takeUpTo(upTo)) {
      if (change.kind === 'resize') {
        if (prng.chance(keepChance)) this.#durable.resize(change.size);
        continue;
      }
      for (const { position, bytes } of sectorsOf(change.position, change.bytes)) {
        if (!prng.chance(keepChance)) continue;
        const kept = prng.chance(tornChance) ? prng.int(0, bytes.length) : bytes.length;
        this.#durable.write(position, bytes.subarray(0, kept));
      }
    }
  }

  /** The cache is gone; of what was not synced, some sectors had reached the disk. */
  losePower(prng: Prng, tornChance: number): void {
    if (this.#unsynced.length > 0) {
      const keepChance = prng.pick([0, 0.5, 0.9, 1]);
      this.persistSome(this.#lastChange, prng, { keepChance, tornChance });
    }
    this.#cached = this.#durable.clone();
  }

  flipBit(offset: number, bit: number): void {
    for (const content of [this.#cached, this.#durable]) {
      const byte = content.read(offset, 1)[0];
      if (byte !== undefined) content.write(offset, Uint8Array.of(byte ^ (1 << bit)));
    }
  }

  #takeUpTo(upTo: number): Change[] {
    const taken = this.#unsynced.filter((change) => change.number <= upTo);
    this.#unsynced = this.#unsynced.slice(taken.length);
    return taken;
  }
}

/** The pieces of a write that lie in different sectors. */
function* sectorsOf(
  position: number,
  bytes: Uint8Array,
): Generator<{ position: number; bytes: Uint8Array }> {
  for (let done = 0; done < bytes.length; ) {
    const take = Math.min(sectorBytes - ((position + done) % sectorBytes), bytes.length - done);
    yield { position: position + done, bytes: bytes.subarray(done, done + take) };
    done += take;
  }
}
