import { Writable } from 'node:stream';
import { FedStream } from '../fed-stream.js';
import { frameFlags } from './frames.js';

/** What a stream asks of its connection. */
export interface SpdyStreamPort {
  /** `done` is called when the frame has left, or never will. */
  sendData(streamId: number, flags: number, bytes: Uint8Array, done: () => void): void;
  sendReset(streamId: number, code: number): void;
  /** Both directions are over. */
  onOver(streamId: number): void;
}

/** Bytes that wait for a reader, before the whole connection waits for it. */
const waitingBytesMax = 256 * 1024;
const frameBytesMax = 32 * 1024;

/** A stream that the client has opened. */
export class SpdyStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  /** What the client sends. Destroyed when the client resets the stream, or goes. */
  readonly input: FedStream;
  /** What it gets; its end is the end of the stream in this direction. */
  readonly output: Writable;
  readonly #port: SpdyStreamPort;
  #open = 2;

  constructor(id: number, headers: ReadonlyMap<string, string>, port: SpdyStreamPort) {
    this.id = id;
    this.headers = headers;
    this.#port = port;
    this.input = new FedStream(waitingBytesMax);
    this.output = new Writable({
      highWaterMark: 64 * 1024,
      write: (chunk: Buffer, _encoding, done) => this.#send(chunk, () => done()),
      final: (done) => {
        port.sendData(id, frameFlags.fin, Buffer.alloc(0), () => done());
        this.#endOne();
      },
    });
    this.output.on('error', () => {});
  }

  /** The client sends nothing more. */
  onFin(): void {
    this.input.finish();
    this.#endOne();
  }

  /** The stream is over at once; the client is not told. */
  drop(): void {
    this.input.destroy();
    this.output.destroy();
  }

  /** The stream is over at once, and the client is told why. */
  reset(code: number): void {
    this.#port.sendReset(this.id, code);
    this.drop();
    this.#port.onOver(this.id);
  }

  #send(chunk: Buffer, done: () => void): void {
    for (let at = 0; at < chunk.length; at += frameBytesMax) {
      const end = Math.min(at + frameBytesMax, chunk.length);
      const isLast = end === chunk.length;
      this.#port.sendData(this.id, 0, chunk.subarray(at, end), isLast ? done : () => {});
    }
    if (chunk.length === 0) done();
  }

  #endOne(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#port.onOver(this.id);
  }
}
