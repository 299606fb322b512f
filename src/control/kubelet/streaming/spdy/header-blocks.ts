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

/**
 * Headers as they are put into frames: names and values behind their lengths, as a part of one compressed stream per direction. They are few
 * and short, so they are stored in it as they are, which needs no state; the first block of a connection begins the stream, with zlib's
 * head that names the dictionary (RFC 1950 section 2.2).
 */
export function headerBlock(headers: Readonly<Record<string, string>>, isFirst: boolean): Buffer {
  const entries = Object.entries(headers);
  const texts = entries.flatMap(([name, value]) => [
    lengthAhead(name.toLowerCase()),
    lengthAhead(value),
  ]);
  const head = isFirst
    ? Buffer.concat([Buffer.from([0x78, 0x20]), word(headerDictionaryId)])
    : none;
  // An empty block after them has the reader take in all before it, as a flush does.
  return Buffer.concat([
    head,
    stored(Buffer.concat([word(entries.length), ...texts])),
    stored(none),
  ]);
}

const none = Buffer.alloc(0);

function lengthAhead(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([word(bytes.length), bytes]);
}

/** A block that is not compressed and not the last (RFC 1951 section 3.2.4). */
function stored(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(bytes.length, 1);
  head.writeUInt16LE(bytes.length ^ 0xffff, 3);
  return Buffer.concat([head, bytes]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
