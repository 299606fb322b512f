import type { Duplex } from 'node:stream';
import {
  controlFrame,
  dataFrameHead,
  frameFlags,
  frameTypes,
  type SpdyFrame,
  SpdyFrameReader,
  wordAt,
  words,
} from '../../../streaming/spdy/frames.js';
import { HeaderReader, headerBlock } from '../../../streaming/spdy/header-blocks.js';
import { SpdyError } from '../../../streaming/spdy/spdy-error.js';
import { SpdyStream, type SpdyStreamPort } from '../../../streaming/spdy/spdy-stream.js';

/**
 * The client's end of a SPDY/3.1 connection, after its upgrade: streams that it opens. Windows are not kept to, as those who serve
 * streams of containers do not; what holds back is the connection.
 */
export class SpdyClient {
  readonly #socket: Duplex;
  readonly #head: Uint8Array;
  readonly #headers = new HeaderReader();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #port: SpdyStreamPort;
  /** Invariant: odd, and only grows. */
  #nextId = 1;

  /** `head` is what the server sent behind its answer. */
  constructor(socket: Duplex, head: Uint8Array) {
    this.#socket = socket;
    this.#head = head;
    this.#port = {
      sendData: (id, flags, bytes, done) => this.#sendData(id, flags, bytes, done),
      sendReset: (id, code) => this.#send(frameTypes.rstStream, words(id, code)),
      onOver: (id) => void this.#streams.delete(id),
    };
    socket.on('error', () => socket.destroy());
    void this.#run();
  }

  /** A new stream; the server's refusal destroys it. */
  open(headers: Readonly<Record<string, string>>): SpdyStream {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = new SpdyStream(id, new Map(Object.entries(headers)), this.#port);
    this.#streams.set(id, stream);
    const priority = Buffer.alloc(2);
    this.#send(
      frameTypes.synStream,
      Buffer.concat([words(id, 0), priority, headerBlock(headers, id === 1)]),
    );
    if (this.#socket.destroyed) stream.drop();
    return stream;
  }

  /** Calls back once the connection is gone. */
  onGone(callback: () => void): void {
    if (this.#socket.destroyed) callback();
    else this.#socket.once('close', callback);
  }

  /** Drops the connection and its streams. */
  close(): void {
    this.#socket.destroy();
  }

  async #run(): Promise<void> {
    const reader = new SpdyFrameReader();
    try {
      await this.#take(reader, this.#head);
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
        await this.#take(reader, chunk as Buffer);
      }
      this.#onEnd();
    } catch (error) {
      if (!(error instanceof SpdyError) && !this.#socket.destroyed) throw error;
    } finally {
      this.#socket.destroy();
      // Not as soon as the socket is closed: what it brought before may not be read yet.
      this.#onGone();
    }
  }

  async #take(reader: SpdyFrameReader, chunk: Uint8Array): Promise<void> {
    reader.add(chunk);
    for (;;) {
      const frame = reader.next();
      if (frame === null) return;
      if (frame.kind === 'data') await this.#onData(frame);
      else await this.#onControl(frame);
    }
  }

  async #onData({ streamId, flags, payload }: SpdyFrame & { kind: 'data' }): Promise<void> {
    const stream = this.#streams.get(streamId);
    // Of a stream that is over there may be something on its way yet.
    if (stream === undefined) return;
    await stream.input.feed(payload);
    if ((flags & frameFlags.fin) !== 0) stream.onFin();
  }

  async #onControl({ type, flags, payload }: SpdyFrame & { kind: 'control' }): Promise<void> {
    switch (type) {
      case frameTypes.synReply:
      case frameTypes.headers:
        // They say nothing, but are a part of the compressed stream.
        await this.#headers.read(payload.subarray(4));
        if ((flags & frameFlags.fin) !== 0) this.#streams.get(wordAt(payload, 0))?.onFin();
        return;
      case frameTypes.rstStream:
        this.#onReset(wordAt(payload, 0));
        return;
      case frameTypes.ping:
        if (wordAt(payload, 0) % 2 === 0) this.#send(frameTypes.ping, words(wordAt(payload, 0)));
        return;
      case frameTypes.synStream:
        throw new SpdyError('the server opens a stream');
      default:
        // Settings, windows and farewells change nothing here.
        return;
    }
  }

  #sendData(streamId: number, flags: number, bytes: Uint8Array, done: () => void): void {
    const socket = this.#socket;
    if (socket.destroyed) {
      done();
      return;
    }
    socket.cork();
    socket.write(dataFrameHead(streamId, flags, bytes.length));
    socket.write(bytes, () => done());
    socket.uncork();
  }

  #send(type: number, payload: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(controlFrame(type, payload));
  }

  /** Servers reset streams to which they have said all: what came is still read, and nothing can be sent any more. */
  #onReset(streamId: number): void {
    const stream = this.#streams.get(streamId);
    this.#streams.delete(streamId);
    stream?.input.finish();
    stream?.output.destroy();
  }

  /** The same of all that are left, as the server ends the connection. */
  #onEnd(): void {
    for (const id of [...this.#streams.keys()]) this.#onReset(id);
  }

  #onGone(): void {
    this.#headers.close();
    for (const stream of this.#streams.values()) stream.drop();
    this.#streams.clear();
  }
}
