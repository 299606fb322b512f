import { MessageQueue } from './message-queue.js';

/** Payload from this size on is kept where it lies; less is copied together, or every octet could hold on to a chunk. */
const referencedBytesMin = 8192;
/** Bytes that are copied together at most. */
const partBytesMax = 16_384;

/** Payload of one or more DATA frames, until it is taken. */
class BodyPart {
  #bytes: Uint8Array;
  #length: number;
  isTaken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  take(): Uint8Array {
    this.isTaken = true;
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds a copy of `bytes[start, end)`; false when that is too much. */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.#length + end - start;
    if (this.isTaken || length > partBytesMax) return false;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(length * 2, partBytesMax));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
    return true;
  }
}

/** The body of a request, until its one reader takes it. What bounds it is the flow control behind it. */
export class RequestBody {
  /** What the reader takes. */
  readonly chunks: MessageQueue<Uint8Array, BodyPart>;
  /** The copied part that was added last, if it was. */
  #last: BodyPart | null = null;

  /** `onEmpty` is called when the reader has taken all there is. */
  constructor(onEmpty: () => void) {
    this.chunks = new MessageQueue({ decode: (part) => part.take(), onEmpty });
  }

  /** Adds `bytes[start, end)`, which never change. */
  push(bytes: Uint8Array, start: number, end: number): void {
    if (this.chunks.isEnded) return;
    if (end - start >= referencedBytesMin) {
      this.#last = null;
      this.chunks.push(new BodyPart(bytes.subarray(start, end)));
    } else if (this.#last?.append(bytes, start, end) !== true) {
      this.#last = new BodyPart(Uint8Array.prototype.slice.call(bytes, start, end));
      this.chunks.push(this.#last);
    }
  }
}

/** A body without bytes. */
export const emptyBody: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({
    next: () => Promise.resolve({ done: true, value: undefined }),
  }),
};
