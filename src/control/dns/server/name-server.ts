import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import {
  type Address,
  type ByteStream,
  type ByteStreamHandler,
  listenStreams,
  type StreamListener,
} from '../../../host/net.js';
import { type DatagramSocket, openDatagrams } from '../../../host/udp.js';
import { firstMessage, joined, lengthOf } from '../upstream/exchange.js';
import { encodeRefusal, payloadBytesOf } from './answer.js';
import { type Asked, parseQuery } from './query.js';

/** Gives the packet that answers a question, of so many bytes at most. */
export type Answerer = (asked: Asked, bytesMax: number) => Promise<Uint8Array>;

/** What a name server runs with. */
export interface NameServerOptions {
  readonly address: Address;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly answer: Answerer;
}

const streamBytesMax = 65_535;
/** Streams at once; further ones are closed at once. */
const streamsMax = 1000;
const streamIdleMs = 10_000;
/** Bytes that a client may have sent ahead of its answers. */
const receivedBytesMax = 2 * streamBytesMax;
/** Datagrams being answered; further ones are lost, as datagrams may be. */
const datagramsMax = 2000;

/** A name server that listens, for datagrams and streams on one port. */
export class NameServer {
  readonly #options: NameServerOptions;
  readonly #datagrams: { socket: DatagramSocket | null; underWay: number } = {
    socket: null,
    underWay: 0,
  };
  #listener: StreamListener | null = null;
  #streams = 0;

  private constructor(options: NameServerOptions) {
    this.#options = options;
  }

  /** Rejects with the system's error when the port cannot be had. With port 0, one that is free for both. */
  static async listen(options: NameServerOptions): Promise<NameServer> {
    const server = new NameServer(options);
    const { host } = options.address;
    const listener = await listenStreams(options.address, null, (stream) => server.#adopt(stream));
    server.#listener = listener;
    try {
      server.#datagrams.socket = await openDatagrams({ host, port: listener.port }, (bytes, from) =>
        server.#onDatagram(bytes, from),
      );
    } catch (error) {
      await listener.close();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  async close(): Promise<void> {
    this.#datagrams.socket?.close();
    await this.#listener?.close();
  }

  #onDatagram(bytes: Uint8Array, from: Address): void {
    const datagrams = this.#datagrams;
    if (datagrams.underWay >= datagramsMax) return;
    datagrams.underWay++;
    void this.#answer(bytes, payloadBytesOf).then((answer) => {
      datagrams.underWay--;
      if (answer !== null) datagrams.socket?.send(answer, from);
    });
  }

  /** Null: nothing is to be said. */
  async #answer(
    bytes: Uint8Array,
    bytesMaxOf: (asked: Asked) => number,
  ): Promise<Uint8Array | null> {
    const query = parseQuery(bytes);
    if (query.kind === 'ignored') return null;
    if (query.kind === 'refused') return encodeRefusal(query.id, query.opcode, query.code);
    try {
      return await this.#options.answer(query, bytesMaxOf(query));
    } catch (error) {
      this.#options.logger.error('a question could not be answered', { error: String(error) });
      return encodeRefusal(query.id, 0, 2);
    }
  }

  #adopt(stream: ByteStream): ByteStreamHandler {
    const { clock } = this.#options;
    if (this.#streams >= streamsMax) {
      stream.destroy();
      return { onData: () => {}, onClose: () => {} };
    }
    this.#streams++;
    let received: Uint8Array = new Uint8Array(0);
    let timer = clock.setTimer(streamIdleMs, () => stream.destroy());
    let isAnswering = false;
    const answerAll = async () => {
      isAnswering = true;
      for (let next = firstMessage(received); next !== null; next = firstMessage(received)) {
        received = received.subarray(next.length + 2);
        const answer = await this.#answer(next, () => streamBytesMax);
        if (answer !== null) stream.write([lengthOf(answer), answer]);
      }
      isAnswering = false;
    };
    return {
      onData: (chunk) => {
        clock.clearTimer(timer);
        timer = clock.setTimer(streamIdleMs, () => stream.destroy());
        received = joined(received, chunk);
        if (received.length > receivedBytesMax || stream.queuedBytes > receivedBytesMax)
          stream.destroy();
        else if (!isAnswering) void answerAll();
      },
      onClose: () => {
        clock.clearTimer(timer);
        this.#streams--;
      },
    };
  }
}
