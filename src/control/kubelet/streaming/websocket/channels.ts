import { Writable } from 'node:stream';
import type { WebSocket } from '../../../../rpc/websocket/web-socket.js';
import { closeCodes, WebSocketError } from '../../../../rpc/websocket/web-socket-error.js';
import { FedStream } from '../fed-stream.js';

/** How channels are put into messages. */
export interface ChannelEncoding {
  /** The number of the channel as a digit, and what follows in base64, as text. */
  readonly isBase64: boolean;
  /** A client says that a channel of its is at its end: byte 255 and the channel (`v5.channel.k8s.io`). */
  readonly hasCloseSignal: boolean;
}

const closeSignal = 255;
/** Bytes of a channel that wait for their reader. */
const waitingBytesMax = 64 * 1024;
/** As kubectl sends and stock servers read; larger pieces are cut. */
const pieceBytesMax = 32 * 1024;

/** Several streams on one WebSocket, as Kubernetes puts them there: each message begins with the number of its channel. */
export class Channels {
  readonly #socket: WebSocket;
  readonly #encoding: ChannelEncoding;
  readonly #readables = new Map<number, FedStream>();

  constructor(socket: WebSocket, encoding: ChannelEncoding) {
    this.#socket = socket;
    this.#encoding = encoding;
  }

  /** What the client sends on a channel. */
  readable(channel: number): FedStream {
    const stream = new FedStream(waitingBytesMax);
    this.#readables.set(channel, stream);
    return stream;
  }

  /** What the client is sent on a channel. */
  writable(channel: number): Writable {
    return new Writable({
      highWaterMark: waitingBytesMax,
      write: (chunk: Buffer, _encoding, done) => this.#sendAll(channel, chunk, () => done()),
    });
  }

  /** An empty message, which tells a client that the channel is there. */
  announce(channel: number): void {
    this.#send(channel, Buffer.alloc(0), () => {});
  }

  /** Hands on what the client sends, until it is gone. Never rejects. Channels that nobody reads are thrown away. */
  async run(): Promise<void> {
    try {
      for await (const { bytes } of this.#socket.messages()) await this.#take(bytes);
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      this.#socket.close(error.code, error.message);
    }
    for (const stream of this.#readables.values()) stream.finish();
  }

  #take(message: Buffer): Promise<void> | undefined {
    const [first] = message;
    if (first === undefined) return undefined;
    if (!this.#encoding.isBase64) {
      if (first === closeSignal && this.#encoding.hasCloseSignal) {
        this.#readables.get(message[1] ?? closeSignal)?.finish();
        return undefined;
      }
      return this.#readables.get(first)?.feed(message.subarray(1));
    }
    const text = message.toString('latin1', 1);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
      throw new WebSocketError(closeCodes.invalidData, 'a message is not base64');
    }
    return this.#readables.get(first - zero)?.feed(Buffer.from(text, 'base64'));
  }

  #sendAll(channel: number, chunk: Buffer, done: () => void): void {
    for (let at = 0; at < chunk.length; at += pieceBytesMax) {
      const end = Math.min(at + pieceBytesMax, chunk.length);
      this.#send(channel, chunk.subarray(at, end), end === chunk.length ? done : () => {});
    }
    if (chunk.length === 0) done();
  }

  #send(channel: number, bytes: Buffer, done: () => void): void {
    if (this.#encoding.isBase64) {
      const text = `${channel}${bytes.toString('base64')}`;
      this.#socket.send([Buffer.from(text)], { isText: true }, done);
    } else {
      this.#socket.send([Buffer.from([channel]), bytes], { isText: false }, done);
    }
  }
}

const zero = '0'.charCodeAt(0);
