import type { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { headerDictionary } from '../../../../src/control/kubelet/streaming/spdy/dictionary.js';

/** What a client hears of one stream. */
export interface HeardStream {
  readonly id: number;
  isReplied: boolean;
  data: Buffer;
  isEnded: boolean;
  /** The code of a reset; null: none came. */
  resetCode: number | null;
}

/** A client of SPDY/3.1 for tests: opens streams as Kubernetes' clients do, with compressed headers, and keeps what it hears. */
export class SpdyClient {
  readonly #socket: Duplex;
  readonly #deflate: Deflate = createDeflate({
    dictionary: headerDictionary,
    flush: constants.Z_SYNC_FLUSH,
  });
  readonly #inflate: Inflate = createInflate({
    dictionary: headerDictionary,
    flush: constants.Z_SYNC_FLUSH,
  });
  readonly streams = new Map<number, HeardStream>();
  readonly pings: number[] = [];
  /** Bytes that the server has given room for, by stream; 0 is all. */
  readonly windows = new Map<number, number>();
  goAwayStatus: number | null = null;
  isClosed = false;
  #nextId = 1;
  #bytes: Buffer;
  #waiting: (() => void)[] = [];

  constructor(socket: Duplex, rest: Buffer = Buffer.alloc(0)) {
    this.#socket = socket;
    this.#bytes = rest;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      void this.#read();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.isClosed = true;
        this.#wake();
      });
    }
    socket.resume();
    void this.#read();
  }

  /** Sends bytes as they are. */
  raw(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  async open(
    headers: Readonly<Record<string, string>>,
    { id = this.#nextId, flags = 0 } = {},
  ): Promise<HeardStream> {
    this.#nextId = id + 2;
    const heard: HeardStream = {
      ...{ id, isReplied: false, data: Buffer.alloc(0), isEnded: false, resetCode: null },
    };
    this.streams.set(id, heard);
    const block = await this.#compress(blockOf(headers));
    this.raw(control(1, Buffer.concat([words(id, 0), Buffer.from([0, 0]), block]), flags));
    return heard;
  }

  send(id: number, data: Buffer | string, isLast = false): void {
    const bytes = Buffer.from(data);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(id);
    head[4] = isLast ? 1 : 0;
    head.writeUIntBE(bytes.length, 5, 3);
    this.raw(Buffer.concat([head, bytes]));
  }

  reset(id: number): void {
    this.raw(control(3, words(id, 5)));
  }

  ping(id: number): void {
    this.raw(control(6, words(id)));
  }

  /** Resolves once it holds. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const endMs = Date.now() + 60_000;
    while (!holds()) {
      if (Date.now() > endMs) throw new Error(`it did not come to this: ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #isReading = false;

  async #read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#bytes.length >= 8) {
      const length = this.#bytes.readUIntBE(5, 3);
      if (this.#bytes.length < 8 + length) break;
      const head = this.#bytes.subarray(0, 8);
      const payload = this.#bytes.subarray(8, 8 + length);
      this.#bytes = this.#bytes.subarray(8 + length);
      await this.#take(head, payload);
    }
    this.#isReading = false;
    this.#wake();
  }

  async #take(head: Buffer, payload: Buffer): Promise<void> {
    const isControl = ((head[0] as number) & 0x80) !== 0;
    if (!isControl) {
      const stream = this.streams.get(head.readUInt32BE(0));
      if (stream === undefined) throw new Error('data of a stream that was not opened');
      stream.data = Buffer.concat([stream.data, payload]);
      stream.isEnded ||= ((head[4] as number) & 1) !== 0;
      return;
    }
    const type = head.readUInt16BE(2);
    const id = payload.readUInt32BE(0);
    const stream = this.streams.get(id);
    if (type === 2) {
      const block = await this.#decompress(payload.subarray(4));
      if (!block.equals(Buffer.alloc(4))) throw new Error('an answer has headers');
      if (stream !== undefined) stream.isReplied = true;
    } else if (type === 3) {
      if (stream !== undefined) stream.resetCode = payload.readUInt32BE(4);
    } else if (type === 6) {
      this.pings.push(id);
    } else if (type === 7) {
      this.goAwayStatus = payload.readUInt32BE(4);
    } else if (type === 9) {
      this.windows.set(id, (this.windows.get(id) ?? 0) + payload.readUInt32BE(4));
    } else {
      throw new Error(`a frame of type ${type}`);
    }
  }

  #compress(bytes: Buffer): Promise<Buffer> {
    return through(this.#deflate, bytes);
  }

  #decompress(bytes: Buffer): Promise<Buffer> {
    return through(this.#inflate, bytes);
  }
}

function through(stream: Deflate | Inflate, bytes: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const onData = (chunk: Buffer) => chunks.push(chunk);
  return new Promise((resolve, reject) => {
    stream.on('data', onData);
    stream.once('error', reject);
    stream.write(bytes, () => {
      stream.off('data', onData);
      stream.off('error', reject);
      resolve(Buffer.concat(chunks));
    });
  });
}

/** A control frame. */
export function control(type: number, payload: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8003, 0);
  head.writeUInt16BE(type, 2);
  head[4] = flags;
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

/** Numbers of 32 bits. */
export function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => {
    bytes.writeUInt32BE(value, at * 4);
  });
  return bytes;
}

function blockOf(headers: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(headers);
  const texts = pairs.flat().flatMap((text) => [words(Buffer.byteLength(text)), Buffer.from(text)]);
  return Buffer.concat([words(pairs.length), ...texts]);
}
