import { assert } from '../../src/base/assert.js';
import { DiskError } from '../../src/base/disk.js';
import type { Prng } from '../../src/base/prng.js';
import { SimInode } from './disk-inode.js';

type Operation =
  | { readonly kind: 'create'; readonly path: string; readonly inode: SimInode }
  | { readonly kind: 'make-dir'; readonly path: string }
  | {
      readonly kind: 'rename';
      readonly path: string;
      readonly to: string;
      readonly inode: SimInode;
    }
  | { readonly kind: 'remove'; readonly path: string };

interface Pending {
  readonly number: number;
  readonly operation: Operation;
  /** Folders that it changes. */
  readonly dirs: ReadonlySet<string>;
  /** Those of them that have not been synced since. */
  readonly unsyncedDirs: Set<string>;
}

/** Names of files and folders at one moment. */
class Names {
  readonly files = new Map<string, SimInode>();
  readonly dirs = new Set<string>(['.']);

  apply(operation: Operation): void {
    switch (operation.kind) {
      case 'create':
        this.files.set(operation.path, operation.inode);
        break;
      case 'make-dir':
        this.dirs.add(operation.path);
        break;
      case 'rename':
        this.files.delete(operation.path);
        this.files.set(operation.to, operation.inode);
        break;
      case 'remove':
        this.files.delete(operation.path);
        this.dirs.delete(operation.path);
        break;
    }
  }
}

/** The folder tree as the cache has it and as the disk has it. Operations reach the disk in order within each folder. */
export class SimNamespace {
  #cached = new Names();
  #durable = new Names();
  #pending: Pending[] = [];
  #lastOperation = 0;

  find(path: string): SimInode | null {
    return this.#cached.files.get(path) ?? null;
  }

  exists(path: string): boolean {
    return this.#cached.files.has(path) || this.#cached.dirs.has(normal(path));
  }

  paths(): string[] {
    return [...this.#cached.files.keys()].sort();
  }

  usedBytes(): number {
    let bytes = 0;
    for (const inode of this.#cached.files.values()) bytes += inode.size;
    return bytes;
  }

  list(dir: string): string[] {
    const names: string[] = [];
    for (const path of [...this.#cached.files.keys(), ...this.#cached.dirs]) {
      if (path !== '.' && parentOf(path) === normal(dir)) names.push(baseOf(path));
    }
    return names.sort();
  }

  create(path: string): SimInode {
    this.#checkDir(parentOf(path));
    if (this.exists(path)) throw new DiskError('exists', `cannot create '${path}': it exists`);
    const inode = new SimInode();
    this.#do({ kind: 'create', path, inode });
    return inode;
  }

  makeDir(dir: string): void {
    const path = normal(dir);
    if (this.#cached.dirs.has(path)) return;
    this.makeDir(parentOf(path));
    this.#do({ kind: 'make-dir', path });
  }

  rename(path: string, to: string): void {
    const inode = this.find(path);
    if (inode === null) throw new DiskError('not-found', `cannot rename '${path}': no such file`);
    this.#checkDir(parentOf(to));
    this.#do({ kind: 'rename', path, to, inode });
  }

  remove(path: string): void {
    if (this.#cached.dirs.has(path)) {
      for (const name of this.list(path)) this.remove(`${path}/${name}`);
    }
    if (this.exists(path)) this.#do({ kind: 'remove', path });
  }

  /** Covers what was done in the folder so far; durable when `finish` is called. */
  beginSync(dir: string): { finish: () => void } {
    this.#checkDir(normal(dir));
    const upTo = this.#lastOperation;
    return { finish: () => this.#markSynced(normal(dir), upTo) };
  }

  /** Of what was not synced, an ordered prefix in each folder had reached the disk. */
  losePower(prng: Prng, tornChance: number): void {
    for (const dir of new Set(this.#pending.flatMap(({ unsyncedDirs }) => [...unsyncedDirs]))) {
      const numbers = this.#pending
        .filter(({ unsyncedDirs }) => unsyncedDirs.has(dir))
        .map(({ number }) => number);
      const kept = prng.pick([0, prng.int(0, numbers.length + 1), numbers.length]);
      if (kept > 0) this.#markSynced(dir, numbers[kept - 1] as number);
    }
    this.#pending = [];
    this.#dropUnreachable();
    this.#cached = new Names();
    for (const dir of this.#durable.dirs) this.#cached.dirs.add(dir);
    for (const [path, inode] of this.#durable.files) {
      inode.losePower(prng, tornChance);
      this.#cached.files.set(path, inode);
    }
  }

  #do(operation: Operation): void {
    this.#cached.apply(operation);
    const dirs = new Set([parentOf(operation.path)]);
    if (operation.kind === 'rename') dirs.add(parentOf(operation.to));
    this.#pending.push({
      number: ++this.#lastOperation,
      operation,
      dirs,
      unsyncedDirs: new Set(dirs),
    });
  }

  #markSynced(dir: string, upTo: number): void {
    for (const { number, unsyncedDirs } of this.#pending) {
      if (number <= upTo) unsyncedDirs.delete(dir);
    }
    const blocked = new Set<string>();
    this.#pending = this.#pending.filter(({ operation, dirs, unsyncedDirs }) => {
      const waits = unsyncedDirs.size > 0 || [...dirs].some((name) => blocked.has(name));
      if (waits) for (const name of dirs) blocked.add(name);
      else this.#durable.apply(operation);
      return waits;
    });
  }

  #dropUnreachable(): void {
    for (const dir of [...this.#durable.dirs].sort()) {
      if (dir !== '.' && !this.#durable.dirs.has(parentOf(dir))) this.#durable.dirs.delete(dir);
    }
    for (const path of [...this.#durable.files.keys()]) {
      if (!this.#durable.dirs.has(parentOf(path))) this.#durable.files.delete(path);
    }
  }

  #checkDir(dir: string): void {
    if (!this.#cached.dirs.has(dir)) throw new DiskError('not-found', `no folder '${dir}'`);
  }
}

function normal(dir: string): string {
  return dir === '' ? '.' : dir;
}

function parentOf(path: string): string {
  assert(path !== '.', 'the root has no parent');
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end);
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
