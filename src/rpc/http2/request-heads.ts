import { toLatin1 } from '../../base/bytes.js';
import type { HpackDecoder } from './hpack/decoder.js';
import type { HeaderField } from './hpack/field.js';
import { type Answerable, type RequestHead, readRequestHead } from './request-head.js';

/** The SETTINGS_MAX_HEADER_LIST_SIZE announced: bytes of a header list, 32 a field on top (RFC 9113 section 6.5.2). */
export const headerListBytesMax = 64 * 1024;
/** Only short blocks are remembered: a long one has literals, which seldom come again. */
const cachedBlockBytesMax = 128;
const cachedCountMax = 64;

/**
 * Decodes the header blocks of requests. Once a client's fields are in the compression table, its requests have the same few
 * octets as header block; what they decode to is remembered for as long as the table does not change.
 */
export class RequestHeads {
  readonly #decoder: HpackDecoder;
  readonly #answerable: Answerable;
  readonly #cache = new Map<string, RequestHead>();
  /** The table's version for which the cache holds. */
  #version = 0;
  /** The block decoded last, if it is in the cache: most often the next one is the same. */
  #lastBlock: Uint8Array = none;
  #lastHead: RequestHead | null = null;

  constructor(decoder: HpackDecoder, answerable: Answerable) {
    this.#decoder = decoder;
    this.#answerable = answerable;
  }

  /** The head of a request. Throws HpackError. */
  read(bytes: Uint8Array, start: number, end: number): RequestHead {
    const { table } = this.#decoder;
    if (this.#lastHead !== null && this.#version === table.version) {
      if (isSame(this.#lastBlock, bytes, start, end)) return this.#lastHead;
    }
    if (end - start > cachedBlockBytesMax) return this.#decode(bytes, start, end);
    const before = table.version;
    if (this.#version !== before) this.#clear(before);
    const key = toLatin1(bytes.subarray(start, end));
    const head = this.#cache.get(key) ?? this.#decode(bytes, start, end);
    if (table.version === before) {
      if (this.#cache.size >= cachedCountMax) this.#cache.clear();
      this.#cache.set(key, head);
      this.#lastBlock = bytes.slice(start, end);
      this.#lastHead = head;
    }
    return head;
  }

  /** Decodes a block of which nothing is wanted, to keep the compression table right. Throws HpackError. */
  skip(bytes: Uint8Array, start: number, end: number): void {
    this.#decoder.decode(bytes, start, end, () => {});
  }

  #clear(version: number): void {
    this.#cache.clear();
    this.#lastHead = null;
    this.#version = version;
  }

  #decode(bytes: Uint8Array, start: number, end: number): RequestHead {
    const fields: HeaderField[] = [];
    let sizeBytes = 0;
    this.#decoder.decode(bytes, start, end, (field) => {
      sizeBytes += field.sizeBytes;
      if (sizeBytes <= headerListBytesMax) fields.push(field);
    });
    return readRequestHead(sizeBytes <= headerListBytesMax ? fields : null, this.#answerable);
  }
}

function isSame(block: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (block.length !== end - start) return false;
  for (let i = 0; i < block.length; i++) if (block[i] !== bytes[start + i]) return false;
  return true;
}

const none = new Uint8Array(0);
