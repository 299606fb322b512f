import { ByteQueue } from '../../../../rpc/byte-queue.js';
import { SpdyError } from './spdy-error.js';

/** Control frames by number (SPDY/3.1 section 2.6). */
export const frameTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** Flags of frames. */
export const frameFlags = { fin: 1, unidirectional: 2 } as const;

/** A frame as it comes. */
export type SpdyFrame =
  | {
      readonly kind: 'control';
      readonly type: number;
      readonly flags: number;
      readonly payload: Buffer;
    }
  | {
      readonly kind: 'data';
      readonly streamId: number;
      readonly flags: number;
      readonly payload: Buffer;
    };

const version = 3;
const headBytes = 8;
/** Bytes of a frame: kubectl's have at most 32 KiB, and no more than what fits into memory many times is waited for. */
const dataBytesMax = 1 << 20;
const controlBytesMax = 64 * 1024;

/** Takes frames out of bytes. */
export class SpdyFrameReader {
  readonly #queue = new ByteQueue();

  add(chunk: Uint8Array): void {
    this.#queue.add(chunk);
  }

  /** The next frame; null: it is not complete. Throws SpdyError. */
  next(): SpdyFrame | null {
    const queue = this.#queue;
    if (queue.length < headBytes) return null;
    const isControl = (queue.byteAt(0) & 0x80) !== 0;
    const length = queue.byteAt(5) * 65_536 + queue.byteAt(6) * 256 + queue.byteAt(7);
    if (length > (isControl ? controlBytesMax : dataBytesMax)) {
      throw new SpdyError(`a frame has ${length} bytes`);
    }
    if (queue.length < headBytes + length) return null;
    const head = queue.take(headBytes);
    const payload = queue.take(length);
    const flags = head[4] as number;
    const streamId = head.readUInt32BE(0) % 0x8000_0000;
    if (!isControl) return { kind: 'data', streamId, flags, payload };
    const spoken = head.readUInt16BE(0) % 0x8000;
    if (spoken !== version) throw new SpdyError(`version ${spoken} is not spoken`);
    return { kind: 'control', type: head.readUInt16BE(2), flags, payload };
  }
}

/** A control frame. */
export function controlFrame(type: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(0x8000 + version, 0);
  head.writeUInt16BE(type, 2);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

/** The head of a data frame with so many bytes. */
export function dataFrameHead(streamId: number, flags: number, length: number): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(streamId, 0);
  head[4] = flags;
  head.writeUIntBE(length, 5, 3);
  return head;
}

/** Numbers of 32 bits, one behind the other. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => {
    bytes.writeUInt32BE(value, at * 4);
  });
  return bytes;
}

/** The number of 32 bits at `at`, the first bit left out. Throws SpdyError when the payload is too short. */
export function wordAt(payload: Buffer, at: number): number {
  if (payload.length < at + 4) throw new SpdyError('a control frame is too short');
  return payload.readUInt32BE(at) % 0x8000_0000;
}
