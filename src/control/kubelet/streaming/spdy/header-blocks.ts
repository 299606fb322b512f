import { constants, createInflate, type Inflate } from 'node:zlib';
import { headerDictionary, headerDictionaryId } from './dictionary.js';
import { SpdyError } from './spdy-error.js';

/** Bytes of a block when it is unpacked. */
const blockBytesMax = 64 * 1024;
const pairsMax = 256;

/** Reads the header blocks of one side of a connection, in their order: they are one compressed stream. */
export class HeaderReader {
  readonly #inflate: Inflate = createInflate({
    dictionary: headerDictionary,
    flush: constants.Z_SYNC_FLUSH,
  });
  #chunks: Buffer[] = [];
  #bytes = 0;
  #failure: Error | null = null;
  #onFailure: (error: Error) => void = () => {};

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => this.#add(chunk));
    this.#inflate.on('error', (error) => this.#fail(error));
  }

  /** The headers of a block, by lower-case name. Rejects with SpdyError. The one before must be done. */
  async read(block: Uint8Array): Promise<ReadonlyMap<string, string>> {
    this.#chunks = [];
    this.#bytes = 0;
    await new Promise<void>((resolve, reject) => {
      this.#onFailure = reject;
      if (this.#failure !== null) reject(this.#failure);
      else this.#inflate.write(block, () => resolve());
    });
    return parseBlock(Buffer.concat(this.#chunks));
  }

  close(): void {
    this.#inflate.destroy();
  }

  #add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > blockBytesMax) this.#fail(new Error('it is too large'));
    else this.#chunks.push(chunk);
  }

  #fail(cause: Error): void {
    this.#failure ??= new SpdyError(`a header block cannot be read: ${cause.message}`, { cause });
    this.#onFailure(this.#failure);
    this.#inflate.destroy();
  }
}

/** Throws SpdyError. */
function parseBlock(bytes: Buffer): ReadonlyMap<string, string> {
  let at = 0;
  const number = () => {
    if (bytes.length < at + 4) throw new SpdyError('a header block ends too early');
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const text = () => {
    const length = number();
    if (bytes.length < at + length) throw new SpdyError('a header block ends too early');
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  const count = number();
  if (count > pairsMax) throw new SpdyError(`a header block has ${count} headers`);
  const headers = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const name = text().toLowerCase();
    if (headers.has(name)) throw new SpdyError(`the header ${JSON.stringify(name)} is there twice`);
    headers.set(name, text());
  }
  return headers;
}

/** The block without headers, as it is put into frames. The first one of a connection begins the compressed stream. */
export function emptyHeaderBlock(isFirst: boolean): Buffer {
  // zlib's head, which names the dictionary (RFC 1950 section 2.2), a stored block with the count 0, and an empty one that flushes it
  // (RFC 1951 section 3.2.4): what is not compressed needs no state.
  const start = isFirst ? Buffer.from([0x78, 0x20, 0, 0, 0, 0]) : Buffer.alloc(0);
  if (isFirst) start.writeUInt32BE(headerDictionaryId, 2);
  return Buffer.concat([start, stored(Buffer.alloc(4)), stored(Buffer.alloc(0))]);
}

function stored(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(bytes.length, 1);
  head.writeUInt16LE(bytes.length ^ 0xffff, 3);
  return Buffer.concat([head, bytes]);
}
