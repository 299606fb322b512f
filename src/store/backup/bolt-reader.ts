import { toLatin1, viewOf } from '../../base/bytes.js';
import {
  type BoltEntry,
  bucketElement,
  bucketHeadBytes,
  elementBytes,
  fnv1a,
  formatVersion,
  magic,
  metaAt,
  metaBytes,
  PageKind,
  pageHeaderBytes,
} from './bolt-format.js';
import { damagedFile, EtcdDataError } from './errors.js';

/** A file, as its reader needs it. */
export interface ReadableFile {
  /** Up to `length` bytes at `position`; fewer only at the end. The result is the caller's. */
  read(position: number, length: number): Promise<Uint8Array>;
}

/** Pages may be of these sizes. */
const pageBytesMin = 512;
const pageBytesMax = 64 * 1024;
/** A tree of a file that fits a disk is less deep. */
const depthMax = 32;

interface Meta {
  readonly pageBytes: number;
  readonly root: number;
  readonly pageCount: number;
  readonly transaction: bigint;
}

/**
 * Reads a file of bbolt's (`bolt-format.ts`) that nobody writes to. Nothing in it is trusted: whatever points out of its page, out of
 * the file or back to where it came from is refused with EtcdDataError `damaged`.
 */
export class BoltReader {
  readonly #file: ReadableFile;
  readonly #meta: Meta;
  /** The values of the buckets, by name as latin1, in their order. */
  readonly #buckets = new Map<string, Uint8Array>();
  /** Pages read of one bucket. */
  #pagesRead = 0;

  private constructor(file: ReadableFile, meta: Meta) {
    this.#file = file;
    this.#meta = meta;
  }

  /** Opens a file. Rejects with EtcdDataError when it is none of bbolt's, or damaged where its buckets are listed. */
  static async open(file: ReadableFile): Promise<BoltReader> {
    const reader = new BoltReader(file, await readMeta(file));
    reader.#pagesRead = 0;
    for await (const { kind, entry } of reader.#tree(reader.#meta.root, 0)) {
      if (kind !== bucketElement) throw damagedFile('a value lies outside of all buckets');
      reader.#buckets.set(toLatin1(entry[0]), entry[1]);
    }
    return reader;
  }

  /** Bytes that the file's transaction counts, free pages included. */
  get sizeBytes(): number {
    return this.#meta.pageCount * this.#meta.pageBytes;
  }

  /** Names of the buckets as latin1, in their order. */
  get names(): readonly string[] {
    return [...this.#buckets.keys()];
  }

  /** The entries of a bucket in the order of their keys; none when there is no such bucket. Their bytes may share memory. */
  async *entries(name: string): AsyncGenerator<BoltEntry> {
    const value = this.#buckets.get(name);
    if (value === undefined) return;
    if (value.length < bucketHeadBytes) throw damagedFile(`bucket ${name} has no head`);
    const root = pageNumber(value, 0);
    this.#pagesRead = 0;
    const found =
      root === 0 ? inlineElements(value.subarray(bucketHeadBytes)) : this.#tree(root, 0);
    let previous: Uint8Array | null = null;
    for await (const { kind, entry } of found) {
      if (kind !== 0) throw damagedFile(`there is a bucket in bucket ${name}`);
      const [key] = entry;
      if (previous !== null && Buffer.compare(previous, key) >= 0) {
        throw damagedFile(`the keys of bucket ${name} do not ascend`);
      }
      previous = key;
      yield entry;
    }
  }

  /** The elements of all leaves below a page, in order. */
  async *#tree(id: number, depth: number): AsyncGenerator<Element> {
    if (depth > depthMax) throw damagedFile('a tree is too deep');
    // A page that is there twice would be read for ever.
    if (++this.#pagesRead > this.#meta.pageCount) throw damagedFile('a tree leads to itself');
    const page = await this.#page(id);
    if (page.kind === PageKind.leaf) {
      yield* leafElements(page);
    } else if (page.kind === PageKind.branch) {
      for (const child of branchPages(page)) yield* this.#tree(child, depth + 1);
    } else {
      throw damagedFile(`page ${id} is neither branch nor leaf`);
    }
  }

  async #page(id: number): Promise<Page> {
    const { pageBytes, pageCount } = this.#meta;
    if (id < 2 || id >= pageCount) throw damagedFile(`there is no page ${id}`);
    const first = await this.#file.read(id * pageBytes, pageBytes);
    if (first.length < pageBytes) throw damagedFile(`page ${id} is cut off`);
    const head = pageOf(first);
    if (pageNumber(first, 0) !== id) throw damagedFile(`page ${id} says that it is another`);
    const { overflow } = head;
    if (overflow === 0) return head;
    if (id + overflow >= pageCount) throw damagedFile(`page ${id} goes on beyond the end`);
    const bytes = (overflow + 1) * pageBytes;
    const whole = await this.#file.read(id * pageBytes, bytes);
    if (whole.length < bytes) throw damagedFile(`page ${id} is cut off`);
    return pageOf(whole);
  }
}

interface Page {
  readonly bytes: Uint8Array;
  readonly kind: number;
  readonly count: number;
  /** Pages that it goes on for. */
  readonly overflow: number;
}

interface Element {
  /** `bucketElement`, or 0 for a plain entry. */
  readonly kind: number;
  readonly entry: BoltEntry;
}

/** The newer of the two meta pages that is whole. */
async function readMeta(file: ReadableFile): Promise<Meta> {
  const first = metaOf(await file.read(0, pageBytesMin));
  // Where the second is depends on the size of the pages, which only the first tells.
  const sizes = first === null ? allPageSizes() : [first.pageBytes];
  const found: Meta[] = first === null ? [] : [first];
  for (const size of sizes) {
    const second = metaOf(await file.read(size, pageBytesMin));
    if (second?.pageBytes === size) found.push(second);
  }
  const newest = found.sort((a, b) => (a.transaction < b.transaction ? 1 : -1))[0];
  if (newest !== undefined) return newest;
  throw new EtcdDataError('format', "the file is none of etcd's databases, or its head is damaged");
}

function allPageSizes(): number[] {
  const sizes: number[] = [];
  for (let size = pageBytesMin; size <= pageBytesMax; size *= 2) sizes.push(size);
  return sizes;
}

function metaOf(page: Uint8Array): Meta | null {
  const meta = page.subarray(pageHeaderBytes, pageHeaderBytes + metaBytes);
  if (meta.length < metaBytes) return null;
  const view = viewOf(meta);
  if (view.getUint32(metaAt.magic, true) !== magic) return null;
  if (view.getUint32(metaAt.version, true) !== formatVersion) return null;
  const checksum = view.getBigUint64(metaAt.checksum, true);
  if (checksum !== fnv1a(meta.subarray(0, metaAt.checksum))) return null;
  const pageBytes = view.getUint32(metaAt.pageBytes, true);
  if (!allPageSizes().includes(pageBytes)) return null;
  return {
    pageBytes,
    root: pageNumber(meta, metaAt.root),
    pageCount: pageNumber(meta, metaAt.pageCount),
    transaction: view.getBigUint64(metaAt.transaction, true),
  };
}

/** A page number; one past what a number holds is past the end of any file. */
function pageNumber(bytes: Uint8Array, at: number): number {
  return Number(viewOf(bytes).getBigUint64(at, true));
}

function pageOf(bytes: Uint8Array): Page {
  if (bytes.length < pageHeaderBytes) throw damagedFile('a page is cut off');
  const view = viewOf(bytes);
  const page = {
    bytes,
    kind: view.getUint16(8, true),
    count: view.getUint16(10, true),
    overflow: view.getUint32(12, true),
  };
  if (pageHeaderBytes + page.count * elementBytes > bytes.length) {
    throw damagedFile('a page has more elements than room');
  }
  return page;
}

function inlineElements(bytes: Uint8Array): Iterable<Element> {
  const page = pageOf(bytes);
  if (page.kind !== PageKind.leaf) throw damagedFile('an inline page is no leaf');
  return leafElements(page);
}

function* leafElements({ bytes, count }: Page): Generator<Element> {
  const view = viewOf(bytes);
  for (let i = 0; i < count; i++) {
    const at = pageHeaderBytes + i * elementBytes;
    const keyAt = at + view.getUint32(at + 4, true);
    const valueAt = keyAt + view.getUint32(at + 8, true);
    const end = valueAt + view.getUint32(at + 12, true);
    if (end > bytes.length) throw damagedFile('an element lies outside of its page');
    const entry = [bytes.subarray(keyAt, valueAt), bytes.subarray(valueAt, end)] as const;
    yield { kind: view.getUint32(at, true), entry };
  }
}

function* branchPages({ bytes, count }: Page): Generator<number> {
  for (let i = 0; i < count; i++) {
    yield pageNumber(bytes, pageHeaderBytes + i * elementBytes + 8);
  }
}
