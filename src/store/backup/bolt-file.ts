import { assert } from '../../base/assert.js';
import type { DiskFile } from '../../base/disk.js';
import {
  type BoltEntry,
  bucketElement,
  bucketHeadBytes,
  elementBytes,
  fnv1a,
  formatVersion,
  magic,
  metaAt,
  PageKind,
  pageHeaderBytes,
} from './bolt-format.js';

/**
 * Writes a file of bbolt's (`bolt-format.ts`) from beginning to end: buckets of ascending keys, in pages that are filled one after
 * the other. Nothing is ever changed in it, so that no page is free.
 */

const pageBytes = 4096;
const elementsMax = 0xffff;
/** Two meta pages, the list of free pages, and then the data. */
const freelistPage = 2;
const firstDataPage = 3;
/** Pages are handed to the disk in pieces of about this size. */
const pieceBytes = 1 << 20;

interface Child {
  readonly firstKey: Uint8Array;
  readonly page: number;
}

/** A file that is being written. Buckets come in any order; {@link finish} ends it. */
export class BoltFile {
  readonly #file: DiskFile;
  #nextPage = firstDataPage;
  #writtenPages = firstDataPage;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  readonly #buckets: BoltEntry[] = [];

  /** `file` is empty. */
  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** Adds a bucket; its entries come in ascending order of their keys. */
  async addBucket(
    name: string,
    entries: AsyncIterable<BoltEntry> | Iterable<BoltEntry>,
  ): Promise<void> {
    const leaves: Child[] = [];
    let page: BoltEntry[] = [];
    let bytes = pageHeaderBytes;
    const endPage = () => {
      const [first] = page;
      if (first !== undefined) leaves.push({ firstKey: first[0], page: this.#leaf(page, 0) });
      page = [];
      bytes = pageHeaderBytes;
    };
    for await (const entry of entries) {
      const size = elementBytes + entry[0].length + entry[1].length;
      if (bytes + size > pageBytes || page.length === elementsMax) endPage();
      page.push(entry);
      bytes += size;
    }
    endPage();
    this.#buckets.push([Buffer.from(name, 'latin1'), bucketValue(this.#tree(leaves))]);
  }

  /** Writes what is left. Resolves with the size of the file, which is durable only when its owner has synced it. */
  async finish(): Promise<number> {
    const buckets = this.#buckets.sort(([a], [b]) => Buffer.compare(a, b));
    const root = this.#leaf(buckets, bucketElement);
    this.#flush();
    const metas = [0, 1].map((id) => metaPage(id, { root, pageCount: this.#nextPage }));
    const freelist = pageOf(freelistPage, PageKind.freelist, 0, pageBytes);
    this.#file.write(0, [...metas, freelist]);
    return this.#nextPage * pageBytes;
  }

  /** The page at the top of a tree over these leaves; 0 for none. */
  #tree(children: readonly Child[]): number {
    if (children.length <= 1) return children[0]?.page ?? 0;
    const branches: Child[] = [];
    let page: Child[] = [];
    let bytes = pageHeaderBytes;
    const endPage = () => {
      const [first] = page;
      if (first !== undefined)
        branches.push({ firstKey: first.firstKey, page: this.#branch(page) });
      page = [];
      bytes = pageHeaderBytes;
    };
    for (const child of children) {
      const size = elementBytes + child.firstKey.length;
      // A branch of one child would not lead anywhere.
      if (bytes + size > pageBytes && page.length > 1) endPage();
      page.push(child);
      bytes += size;
    }
    endPage();
    return this.#tree(branches);
  }

  #leaf(entries: readonly BoltEntry[], kind: number): number {
    const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    const page = this.#page(PageKind.leaf, entries.length, size);
    let data = pageHeaderBytes + entries.length * elementBytes;
    entries.forEach(([key, value], i) => {
      const at = pageHeaderBytes + i * elementBytes;
      page.writeUInt32LE(kind, at);
      page.writeUInt32LE(data - at, at + 4);
      page.writeUInt32LE(key.length, at + 8);
      page.writeUInt32LE(value.length, at + 12);
      page.set(key, data);
      page.set(value, data + key.length);
      data += key.length + value.length;
    });
    return this.#add(page);
  }

  #branch(children: readonly Child[]): number {
    const size = children.reduce((sum, { firstKey }) => sum + firstKey.length, 0);
    const page = this.#page(PageKind.branch, children.length, size);
    let data = pageHeaderBytes + children.length * elementBytes;
    children.forEach(({ firstKey, page: id }, i) => {
      const at = pageHeaderBytes + i * elementBytes;
      page.writeUInt32LE(data - at, at);
      page.writeUInt32LE(firstKey.length, at + 4);
      page.writeBigUInt64LE(BigInt(id), at + 8);
      page.set(firstKey, data);
      data += firstKey.length;
    });
    return this.#add(page);
  }

  #page(kind: number, count: number, dataBytes: number): Buffer {
    const bytes = pageHeaderBytes + count * elementBytes + dataBytes;
    return pageOf(this.#nextPage, kind, count, Math.ceil(bytes / pageBytes) * pageBytes);
  }

  #add(page: Buffer): number {
    const id = this.#nextPage;
    this.#nextPage += page.length / pageBytes;
    this.#waiting.push(page);
    this.#waitingBytes += page.length;
    if (this.#waitingBytes >= pieceBytes) this.#flush();
    return id;
  }

  #flush(): void {
    if (this.#waiting.length === 0) return;
    this.#file.write(this.#writtenPages * pageBytes, this.#waiting);
    this.#writtenPages += this.#waitingBytes / pageBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    assert(this.#writtenPages === this.#nextPage, 'a page is missing');
  }
}

function pageOf(id: number, kind: number, count: number, bytes: number): Buffer {
  const page = Buffer.alloc(bytes);
  page.writeBigUInt64LE(BigInt(id), 0);
  page.writeUInt16LE(kind, 8);
  page.writeUInt16LE(count, 10);
  page.writeUInt32LE(bytes / pageBytes - 1, 12);
  return page;
}

/** The page at the top of the bucket, and its sequence; one without entries carries an empty leaf in place of a page. */
function bucketValue(root: number): Uint8Array {
  if (root !== 0) {
    const value = Buffer.alloc(bucketHeadBytes);
    value.writeBigUInt64LE(BigInt(root), 0);
    return value;
  }
  const value = Buffer.alloc(bucketHeadBytes + pageHeaderBytes);
  value.writeUInt16LE(PageKind.leaf, bucketHeadBytes + 8);
  return value;
}

/** The two differ in their transaction, of which the later counts. */
function metaPage(id: number, file: { readonly root: number; readonly pageCount: number }): Buffer {
  const page = pageOf(id, PageKind.meta, 0, pageBytes);
  const meta = page.subarray(pageHeaderBytes);
  meta.writeUInt32LE(magic, metaAt.magic);
  meta.writeUInt32LE(formatVersion, metaAt.version);
  meta.writeUInt32LE(pageBytes, metaAt.pageBytes);
  meta.writeBigUInt64LE(BigInt(file.root), metaAt.root);
  meta.writeBigUInt64LE(BigInt(freelistPage), metaAt.freelist);
  meta.writeBigUInt64LE(BigInt(file.pageCount), metaAt.pageCount);
  meta.writeBigUInt64LE(BigInt(id), metaAt.transaction);
  meta.writeBigUInt64LE(fnv1a(meta.subarray(0, metaAt.checksum)), metaAt.checksum);
  return page;
}
