import { toLatin1 } from '../../base/bytes.js';
import type { HpackDecoder } from './hpack/decoder.js';
import type { HeaderField } from './hpack/field.js';

/** Only short blocks are remembered: a long one has literals, which seldom come again. */
const cachedBlockBytesMax = 128;
const cachedCountMax = 64;

/** A block and what it means. */
interface Known<T> {
  readonly block: Uint8Array;
  readonly meaning: T;
}

/**
 * Decodes header blocks. Once a peer's fields are in the compression table, its lists have the same few octets as block; what
 * they mean is remembered for as long as the table does not change.
 */
export class HeaderBlocks<T> {
  readonly #decoder: HpackDecoder;
  readonly #listBytesMax: number;
  readonly #read: (fields: readonly HeaderField[] | null) => T;
  readonly #cache = new Map<string, T>();
  /** The table's version for which the cache holds. */
  #version = 0;
  /** The two blocks that were met last, if they are in the cache: most often the next one is among them. */
  #last: Known<T> | null = null;
  #lastButOne: Known<T> | null = null;

  /** `read` says what a list means; it gets null for one of more than `listBytesMax` (32 a field on top, RFC 9113 section 6.5.2). */
  constructor(
    decoder: HpackDecoder,
    listBytesMax: number,
    read: (fields: readonly HeaderField[] | null) => T,
  ) {
    this.#decoder = decoder;
    this.#listBytesMax = listBytesMax;
    this.#read = read;
  }

  /** What a block means. Throws HpackError, and what `read` throws. */
  read(bytes: Uint8Array, start: number, end: number): T {
    const { table } = this.#decoder;
    if (this.#last !== null && this.#version === table.version) {
      if (isSame(this.#last.block, bytes, start, end)) return this.#last.meaning;
      const known = this.#lastButOne;
      if (known !== null && isSame(known.block, bytes, start, end)) {
        this.#lastButOne = this.#last;
        this.#last = known;
        return known.meaning;
      }
    }
    if (end - start > cachedBlockBytesMax) return this.#decode(bytes, start, end);
    const before = table.version;
    if (this.#version !== before) this.#clear(before);
    const key = toLatin1(bytes.subarray(start, end));
    const meaning = this.#cache.get(key) ?? this.#decode(bytes, start, end);
    if (table.version === before) this.#remember(key, bytes.slice(start, end), meaning);
    return meaning;
  }

  /** Decodes a block of which nothing is wanted, to keep the compression table right. Throws HpackError. */
  skip(bytes: Uint8Array, start: number, end: number): void {
    this.#decoder.decode(bytes, start, end, () => {});
  }

  #remember(key: string, block: Uint8Array, meaning: T): void {
    if (this.#cache.size >= cachedCountMax) this.#cache.clear();
    this.#cache.set(key, meaning);
    this.#lastButOne = this.#last;
    this.#last = { block, meaning };
  }

  #clear(version: number): void {
    if (this.#cache.size > 0) this.#cache.clear();
    this.#last = null;
    this.#lastButOne = null;
    this.#version = version;
  }

  #decode(bytes: Uint8Array, start: number, end: number): T {
    const fields: HeaderField[] = [];
    let sizeBytes = 0;
    this.#decoder.decode(bytes, start, end, (field) => {
      sizeBytes += field.sizeBytes;
      if (sizeBytes <= this.#listBytesMax) fields.push(field);
    });
    return this.#read(sizeBytes <= this.#listBytesMax ? fields : null);
  }
}

function isSame(block: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (block.length !== end - start) return false;
  for (let i = 0; i < block.length; i++) if (block[i] !== bytes[start + i]) return false;
  return true;
}
