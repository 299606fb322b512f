import { assert, defined } from '../../src/base/assert.js';
import type { Clock } from '../../src/base/clock.js';
import { type Disk, DiskError, type DiskFile } from '../../src/base/disk.js';
import type { Prng } from '../../src/base/prng.js';
import type { SimInode } from './disk-inode.js';
import { SimNamespace } from './disk-namespace.js';

/** How badly the disk behaves. All default to a disk without faults and without latency. */
export interface SimDiskKnobs {
  /** Uniform range of a sync's duration. */
  readonly syncLatencyMs: readonly [min: number, max: number];
  /** Chance that a sync takes `stallMs` on top. */
  readonly stallChance: number;
  readonly stallMs: readonly [min: number, max: number];
  /** Chance that a sync fails, leaving each unsynced sector written or not, and all of them clean. */
  readonly syncFailChance: number;
  /** Chance that an unsynced sector which survives a power loss does so only in its first bytes. */
  readonly tornWriteChance: number;
  /** Beyond this, writes that extend files fail with `no-space`. */
  readonly capacityBytes: number;
  /** Chance that one bit of one file that `mayRot` is found flipped after a power loss. */
  readonly bitFlipChance: number;
  readonly mayRot: (path: string) => boolean;
}

export const calmDisk: SimDiskKnobs = {
  syncLatencyMs: [0, 0],
  stallChance: 0,
  stallMs: [500, 5000],
  syncFailChance: 0,
  tornWriteChance: 0,
  capacityBytes: Number.MAX_SAFE_INTEGER,
  bitFlipChance: 0,
  mayRot: () => true,
};

/**
 * A disk with a write cache. What was written and not synced survives a power loss in part: each 512-byte sector of each
 * write by itself, in whole, torn or not at all; folder operations as an ordered prefix per folder. All chance comes
 * from the Prng. Used through {@link mount}, an incarnation's view; as a `Disk` itself it is its newest mount.
 */
export class SimDisk implements Disk {
  readonly #prng: Prng;
  readonly #clock: Clock;
  readonly #names = new SimNamespace();
  #knobs: SimDiskKnobs;
  #mount: SimMount;

  constructor(prng: Prng, clock: Clock, knobs: Partial<SimDiskKnobs> = {}) {
    this.#prng = prng;
    this.#clock = clock;
    this.#knobs = { ...calmDisk, ...knobs };
    this.#mount = this.#newMount();
  }

  /** The view of the process that runs now; a crash makes it inert. */
  mount(): Disk {
    return this.#mount;
  }

  /** Changes the disk's behaviour from now on. */
  setKnobs(knobs: Partial<SimDiskKnobs>): void {
    this.#knobs = { ...this.#knobs, ...knobs };
  }

  /**
   * The process dies: its handles are inert and what it awaits never comes. With `power` the machine loses its write
   * cache too; with `process` the cache stays and reads see it, synced or not.
   */
  crash(kind: 'power' | 'process' = 'power'): void {
    this.#mount.isDead = true;
    if (kind === 'power') {
      this.#names.losePower(this.#prng, this.#knobs.tornWriteChance);
      if (this.#prng.chance(this.#knobs.bitFlipChance)) this.#flipSomeBit();
    }
    this.#mount = this.#newMount();
  }

  /** Flips one bit of a byte, in the cache and on the disk. */
  flipBit(path: string, offset: number, bit = 0): void {
    defined(this.#names.find(path), path).flipBit(offset, bit);
  }

  /** Paths of all files, sorted. */
  paths(): string[] {
    return this.#names.paths();
  }

  /** What the running process would read of a file. */
  contentOf(path: string): Uint8Array {
    const inode = defined(this.#names.find(path), path);
    return inode.read(0, inode.size);
  }

  /** Allocated bytes. */
  get usedBytes(): number {
    return this.#names.usedBytes();
  }

  open(path: string, options: { create: boolean }): Promise<DiskFile> {
    return this.#mount.open(path, options);
  }
  exists(path: string): Promise<boolean> {
    return this.#mount.exists(path);
  }
  readNow(path: string, position: number, length: number): Uint8Array {
    return this.#mount.readNow(path, position, length);
  }
  list(dir: string): Promise<string[]> {
    return this.#mount.list(dir);
  }
  makeDir(dir: string): Promise<void> {
    return this.#mount.makeDir(dir);
  }
  rename(from: string, to: string): Promise<void> {
    return this.#mount.rename(from, to);
  }
  remove(path: string): Promise<void> {
    return this.#mount.remove(path);
  }
  syncDir(dir: string): Promise<void> {
    return this.#mount.syncDir(dir);
  }

  #newMount(): SimMount {
    return new SimMount({
      names: this.#names,
      reserve: (bytes, path) => this.#reserve(bytes, path),
      syncDelayMs: () => this.#syncDelayMs(),
      after: (delayMs, callback) => {
        if (delayMs === 0) queueMicrotask(callback);
        else this.#clock.setTimer(delayMs, callback);
      },
      syncFails: () => this.#prng.chance(this.#knobs.syncFailChance),
      prng: this.#prng,
    });
  }

  #reserve(bytes: number, path: string): void {
    if (bytes <= 0 || this.#knobs.capacityBytes === Number.MAX_SAFE_INTEGER) return;
    if (this.#names.usedBytes() + bytes > this.#knobs.capacityBytes) {
      throw new DiskError('no-space', `cannot write '${path}': the disk is full`);
    }
  }

  #syncDelayMs(): number {
    const { syncLatencyMs, stallChance, stallMs } = this.#knobs;
    const delayMs = between(this.#prng, syncLatencyMs);
    return this.#prng.chance(stallChance) ? delayMs + between(this.#prng, stallMs) : delayMs;
  }

  #flipSomeBit(): void {
    const paths = this.paths().filter((path) => this.#knobs.mayRot(path));
    if (paths.length === 0) return;
    const path = this.#prng.pick(paths);
    const size = defined(this.#names.find(path)).size;
    if (size > 0) this.flipBit(path, this.#prng.int(0, size), this.#prng.int(0, 8));
  }
}

interface MountContext {
  readonly names: SimNamespace;
  /** Throws `no-space` when a file may not grow by so much. */
  readonly reserve: (bytes: number, path: string) => void;
  /** How long a sync that starts now takes. */
  readonly syncDelayMs: () => number;
  readonly after: (delayMs: number, callback: () => void) => void;
  readonly syncFails: () => boolean;
  readonly prng: Prng;
}

/** One process's view of the disk. */
class SimMount implements Disk {
  /** The process died: nothing it asks for happens, and nothing it awaits comes. */
  isDead = false;
  readonly context: MountContext;

  constructor(context: MountContext) {
    this.context = context;
  }

  /** Runs an operation that is immediate, unless the process is dead by then. */
  run<T>(operation: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.isDead) return;
      try {
        resolve(operation());
      } catch (error) {
        reject(error);
      }
    });
  }

  /** Runs `operation` when a sync that starts now is done, and resolves with how long that took. */
  runDelayed(operation: () => void): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.isDead) return;
      const delayMs = this.context.syncDelayMs();
      this.context.after(delayMs, () => {
        if (this.isDead) return;
        try {
          operation();
          resolve(delayMs);
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  open(path: string, { create }: { create: boolean }): Promise<DiskFile> {
    return this.run(() => {
      const { names } = this.context;
      if (create) return new SimFile(this, path, names.create(path));
      const inode = names.find(path);
      if (inode === null) throw new DiskError('not-found', `cannot open '${path}': no such file`);
      return new SimFile(this, path, inode);
    });
  }

  exists(path: string): Promise<boolean> {
    return this.run(() => this.context.names.exists(path));
  }

  readNow(path: string, position: number, length: number): Uint8Array {
    const inode = this.context.names.find(path);
    if (inode === null) throw new DiskError('not-found', `cannot read '${path}': no such file`);
    return inode.read(position, length);
  }

  list(dir: string): Promise<string[]> {
    return this.run(() => this.context.names.list(dir));
  }

  makeDir(dir: string): Promise<void> {
    return this.run(() => this.context.names.makeDir(dir));
  }

  rename(from: string, to: string): Promise<void> {
    return this.run(() => this.context.names.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.run(() => this.context.names.remove(path));
  }

  async syncDir(dir: string): Promise<void> {
    const covered = await this.run(() => this.context.names.beginSync(dir));
    await this.runDelayed(() => {
      if (this.context.syncFails()) throw new DiskError('io', `cannot sync folder '${dir}'`);
      covered.finish();
    });
  }
}

class SimFile implements DiskFile {
  readonly path: string;
  readonly #mount: SimMount;
  readonly #inode: SimInode;
  #isClosed = false;

  constructor(mount: SimMount, path: string, inode: SimInode) {
    this.path = path;
    this.#mount = mount;
    this.#inode = inode;
  }

  size(): Promise<number> {
    return this.#run(() => this.#inode.size);
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#run(() => this.#inode.read(position, length));
  }

  write(position: number, chunks: readonly Uint8Array[]): void {
    if (this.#mount.isDead) return;
    this.#checkOpen();
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    this.#mount.context.reserve(position + length - this.#inode.size, this.path);
    this.#inode.write(position, chunks, length);
  }

  async sync(): Promise<number> {
    const covered = await this.#run(() => this.#inode.lastChange);
    return this.#mount.runDelayed(() => this.#finishSync(covered));
  }

  /** Takes no virtual time, whatever it says: an event has none. */
  syncBlocking(): number {
    if (this.#mount.isDead) throw new DiskError('closed', 'the process is dead');
    this.#checkOpen();
    this.#finishSync(this.#inode.lastChange);
    return this.#mount.context.syncDelayMs();
  }

  async allocate(size: number): Promise<void> {
    await this.#run(() => {
      this.#mount.context.reserve(size - this.#inode.size, this.path);
      this.#inode.extend(size);
    });
    await this.sync();
  }

  truncate(size: number): Promise<void> {
    return this.#run(() => this.#inode.truncate(size));
  }

  async close(): Promise<void> {
    if (this.#mount.isDead) await new Promise(() => undefined);
    this.#isClosed = true;
  }

  #run<T>(operation: () => T): Promise<T> {
    return this.#mount.run(() => {
      this.#checkOpen();
      return operation();
    });
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new DiskError('closed', `'${this.path}' was closed`);
  }

  #finishSync(covered: number): void {
    const { prng } = this.#mount.context;
    if (!this.#mount.context.syncFails()) {
      this.#inode.persist(covered);
      return;
    }
    this.#inode.persistSome(covered, prng, { keepChance: 0.5, tornChance: 0 });
    throw new DiskError('io', `cannot sync '${this.path}': input/output error`);
  }
}

function between(prng: Prng, [min, max]: readonly [number, number]): number {
  assert(min <= max, `range [${min}, ${max}]`);
  return min === max ? min : min + prng.float() * (max - min);
}
