import { messageTooLarge } from '../dispatch.js';
import { RpcError, Status } from '../service.js';
import type { MessageEncoding } from './compression.js';

/** A flag for compression and the length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const prefixBytes = 5;
/** Parts of a message from this size on stay where they lie in what the socket read, if they are a good part of that. */
const keptPartBytesMin = 4096;
const keptShareMin = 1 / 8;
/** Memory into which smaller parts are copied: its sender has to send before a message may cost more. */
const copiedRoomBytes = 16 * 1024;

/** What a reader is made with. */
export interface MessageReaderOptions {
  /** The largest message. */
  readonly bytesMax: number;
  /** How messages are compressed that are marked so. */
  readonly encoding: MessageEncoding;
  /** Takes each message as it came, in memory that never changes; decompressing it is left to whoever has a use for it. */
  readonly onMessage: (message: Uint8Array, isCompressed: boolean) => void;
  /** Accounts for the memory of the incomplete message: how much more, or less, it takes. May throw RpcError. */
  readonly onRoom: (bytes: number) => void;
}

/** Cuts the payload of a stream into messages. */
export class MessageReader {
  readonly #options: MessageReaderOptions;
  readonly #prefix = new Uint8Array(prefixBytes);
  #prefixCount = 0;
  /** The message that is incomplete: its size (-1 while the prefix is), and how much came of it. */
  #size = -1;
  #isCompressed = false;
  #count = 0;
  /** What came of it, but for what is in `#copied`. */
  #parts: Uint8Array[] = [];
  /** Small parts that came last, and how many bytes of them there are. */
  #copied: Uint8Array = none;
  #copiedCount = 0;
  /** What is accounted for. */
  #roomBytes = 0;

  constructor(options: MessageReaderOptions) {
    this.#options = options;
  }

  /** Nothing has come of the next message. */
  get isBetweenMessages(): boolean {
    return this.#prefixCount === 0;
  }

  /** Takes `bytes[start, end)`. Throws RpcError for a message that is refused; the reader is of no more use then. */
  push(bytes: Uint8Array, start: number, end: number): void {
    let pos = start;
    while (pos < end) {
      pos = this.#size < 0 ? this.#readPrefix(bytes, pos, end) : this.#readBody(bytes, pos, end);
    }
  }

  #readPrefix(bytes: Uint8Array, start: number, end: number): number {
    let pos = start;
    while (this.#prefixCount < prefixBytes && pos < end) {
      this.#prefix[this.#prefixCount++] = bytes[pos++] as number;
    }
    if (this.#prefixCount < prefixBytes) return pos;
    this.#isCompressed = isCompressed(this.#prefix, 0, this.#options.encoding);
    const size = messageBytes(this.#prefix, 0, this.#options.bytesMax);
    if (size <= end - pos) {
      // All of it is here: no copy.
      this.#deliver(viewOf(bytes, pos, pos + size));
      return pos + size;
    }
    this.#size = size;
    return pos;
  }

  #readBody(bytes: Uint8Array, pos: number, end: number): number {
    const taken = Math.min(this.#size - this.#count, end - pos);
    const isKept = taken >= keptPartBytesMin && taken >= bytes.buffer.byteLength * keptShareMin;
    if (isKept) this.#keep(viewOf(bytes, pos, pos + taken));
    else this.#copy(bytes, pos, pos + taken);
    if (this.#count === this.#size) this.#deliver(this.#joined());
    return pos + taken;
  }

  #keep(part: Uint8Array): void {
    this.#endCopied();
    this.#account(part.length);
    this.#parts.push(part);
    this.#count += part.length;
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    for (let pos = start; pos < end; ) {
      if (this.#copiedCount === this.#copied.length) this.#beginCopied();
      const taken = Math.min(end - pos, this.#copied.length - this.#copiedCount);
      this.#copied.set(bytes.subarray(pos, pos + taken), this.#copiedCount);
      this.#copiedCount += taken;
      this.#count += taken;
      pos += taken;
    }
  }

  #beginCopied(): void {
    this.#endCopied();
    const room = Math.min(copiedRoomBytes, this.#size - this.#count);
    this.#account(room);
    this.#copied = uncleared(room);
  }

  #endCopied(): void {
    if (this.#copied.length === 0) return;
    this.#account(this.#copiedCount - this.#copied.length);
    this.#parts.push(this.#copied.subarray(0, this.#copiedCount));
    this.#copied = none;
    this.#copiedCount = 0;
  }

  #joined(): Uint8Array {
    this.#endCopied();
    const [first] = this.#parts;
    if (this.#parts.length === 1 && first !== undefined) return first;
    const whole = uncleared(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #account(bytes: number): void {
    this.#options.onRoom(bytes);
    this.#roomBytes += bytes;
  }

  #deliver(message: Uint8Array): void {
    this.discard();
    this.#options.onMessage(message, this.#isCompressed);
  }

  /** Drops what has come of the incomplete message. */
  discard(): void {
    if (this.#roomBytes > 0) this.#account(-this.#roomBytes);
    this.#parts = [];
    this.#copied = none;
    this.#copiedCount = 0;
    this.#count = 0;
    this.#size = -1;
    this.#prefixCount = 0;
  }
}

/**
 * The message when `bytes[start, end)` is exactly one that is not compressed, which is how unary requests mostly come; null when
 * it is not. Throws RpcError for a message that is too large.
 */
export function soleMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  bytesMax: number,
): Uint8Array | null {
  if (end - start < prefixBytes || bytes[start] !== 0) return null;
  const size = messageBytes(bytes, start, bytesMax);
  return size === end - start - prefixBytes ? viewOf(bytes, start + prefixBytes, end) : null;
}

/** Whether a prefix marks its message as compressed. Throws RpcError, in grpc-go's words, when that cannot be. */
function isCompressed(bytes: Uint8Array, pos: number, encoding: MessageEncoding): boolean {
  const flag = bytes[pos] as number;
  if (flag > 1) {
    throw new RpcError(Status.internal, `grpc: received unexpected payload format ${flag}`);
  }
  if (flag === 1 && encoding === 'identity') {
    const text = 'grpc: compressed flag set with identity or empty encoding';
    throw new RpcError(Status.internal, text);
  }
  return flag === 1;
}

/** The size that a prefix announces. Throws RpcError when such a message is not taken. */
function messageBytes(bytes: Uint8Array, pos: number, bytesMax: number): number {
  const size =
    (bytes[pos + 1] as number) * 2 ** 24 +
    (((bytes[pos + 2] as number) << 16) |
      ((bytes[pos + 3] as number) << 8) |
      (bytes[pos + 4] as number));
  if (size > bytesMax) throw messageTooLarge(size, bytesMax);
  return size;
}

/** Memory of which only what was written is handed on. */
function uncleared(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

/** A plain view, whatever kind of array `bytes` is. */
function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

const none = new Uint8Array(0);
