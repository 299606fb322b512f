import { ByteQueue } from '../byte-queue.js';
import { closeCodes, WebSocketError } from './web-socket-error.js';

/** What frames are for (RFC 6455 section 5.2). */
export const opcodes = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** A frame. */
export interface Frame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

const controlBytesMax = 125;

/** Takes the frames out of what a client sends (RFC 6455 section 5), which is masked. Extensions are not spoken. */
export class FrameReader {
  readonly #bytesMax: number;
  readonly #queue = new ByteQueue();

  /** `bytesMax` is the largest payload of a frame that is taken. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(chunk: Uint8Array): void {
    this.#queue.add(chunk);
  }

  /** The next frame; null: it is not complete. Throws WebSocketError. */
  next(): Frame | null {
    const head = this.#head();
    if (head === null || this.#queue.length < head.bytes + head.payloadBytes) return null;
    const mask = this.#queue.take(head.bytes).subarray(-4);
    const payload = unmasked(this.#queue.take(head.payloadBytes), mask);
    return { opcode: head.opcode, isFinal: head.isFinal, payload };
  }

  /** How long the head is and what it says, or null while it is not there. */
  #head() {
    const queue = this.#queue;
    if (queue.length < 2) return null;
    const [first, second] = [queue.byteAt(0), queue.byteAt(1)];
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw protocolError('a reserved bit is set');
    if ((second & 0x80) === 0) throw protocolError('a frame is not masked');
    checkOpcode(opcode);
    const short = second & 0x7f;
    if (opcode >= opcodes.close && (short > controlBytesMax || !isFinal)) {
      throw protocolError('a control frame is too long, or in parts');
    }
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    const bytes = 2 + lengthBytes + 4;
    if (queue.length < bytes) return null;
    let payloadBytes = lengthBytes === 0 ? short : 0;
    for (let at = 0; at < lengthBytes; at++)
      payloadBytes = payloadBytes * 256 + queue.byteAt(2 + at);
    if (payloadBytes > this.#bytesMax) {
      throw new WebSocketError(closeCodes.tooBig, `a frame has more than ${this.#bytesMax} bytes`);
    }
    return { opcode, isFinal, bytes, payloadBytes };
  }
}

function checkOpcode(opcode: number): void {
  if (!Object.values<number>(opcodes).includes(opcode)) {
    throw protocolError(`there is no frame of kind ${opcode}`);
  }
}

function protocolError(text: string): WebSocketError {
  return new WebSocketError(closeCodes.protocolError, text);
}

/** Takes the mask off, in a copy: the bytes may be a part of what others read. */
function unmasked(bytes: Buffer, mask: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(bytes.length);
  const [a = 0, b = 0, c = 0, d = 0] = mask;
  const whole = bytes.length - (bytes.length % 4);
  for (let at = 0; at < whole; at += 4) {
    plain[at] = (bytes[at] as number) ^ a;
    plain[at + 1] = (bytes[at + 1] as number) ^ b;
    plain[at + 2] = (bytes[at + 2] as number) ^ c;
    plain[at + 3] = (bytes[at + 3] as number) ^ d;
  }
  for (let at = whole; at < bytes.length; at++) {
    plain[at] = (bytes[at] as number) ^ (mask[at % 4] as number);
  }
  return plain;
}
