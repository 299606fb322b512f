import net from 'node:net';
import type { Test } from 'tap';
import { FrameReader } from '../../../src/rpc/http2/frame-reader.js';
import { HpackDecoder } from '../../../src/rpc/http2/hpack/decoder.js';
import { Flag, FrameType } from '../../../src/rpc/http2/protocol.js';
import { eventually } from '../support.js';

/** A frame that the server has sent. */
export interface SeenFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
  /** The header list, of HEADERS. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A client that sends what it is told to, byte by byte, and keeps what comes back. */
export class HandClient {
  readonly frames: SeenFrame[] = [];
  isClosed = false;
  readonly socket: net.Socket;
  readonly #decoder = new HpackDecoder(4096);

  private constructor(socket: net.Socket) {
    this.socket = socket;
    const reader = new FrameReader({
      onFrame: (type, flags, streamId, bytes, start, end) => {
        const payload = Buffer.from(bytes.slice(start, end));
        const fields: Record<string, string> = {};
        if (type === FrameType.headers) {
          this.#decoder.decode(payload, 0, payload.length, ({ name, value }) => {
            fields[name] = value;
          });
        }
        this.frames.push({ type, flags, streamId, payload, fields });
      },
    });
    socket.on('data', (chunk) => reader.push(chunk, 0));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** Connects to a port of this machine, until the test ends. */
  static async connect(t: Test, port: number): Promise<HandClient> {
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    t.teardown(() => socket.destroy());
    return new HandClient(socket);
  }

  send(...parts: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** The frames of a type, of one stream or of all. */
  of(type: number, streamId?: number): SeenFrame[] {
    return this.frames.filter(
      (frame) => frame.type === type && (streamId === undefined || frame.streamId === streamId),
    );
  }

  /** The grpc-status of a stream, once it has one. */
  status(streamId: number): number | undefined {
    const last = this.of(FrameType.headers, streamId).at(-1)?.fields['grpc-status'];
    return last === undefined ? undefined : Number(last);
  }

  /** The code of GOAWAY, once there is one. */
  get goaway(): number | undefined {
    return this.of(FrameType.goaway)[0]?.payload.readUInt32BE(4);
  }

  /** The code of RST_STREAM, once there is one. */
  reset(streamId: number): number | undefined {
    return this.of(FrameType.rstStream, streamId)[0]?.payload.readUInt32BE(0);
  }

  /** Payload bytes of a stream's DATA. */
  dataBytes(streamId?: number): number {
    return this.of(FrameType.data, streamId).reduce((sum, { payload }) => sum + payload.length, 0);
  }

  /** Waits until the server has answered a PING sent now, and so has seen all that was sent before. */
  async settle(): Promise<void> {
    const before = this.pongs;
    this.send(Buffer.from([0, 0, 8, FrameType.ping, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]));
    await eventually(() => this.pongs > before || this.isClosed, 'the server answers a PING');
  }

  /** PINGs that were answered. */
  get pongs(): number {
    return this.of(FrameType.ping).filter(({ flags }) => flags === Flag.ack).length;
  }
}
