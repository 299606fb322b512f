import { assert } from '../../base/assert.js';
import type { Index } from './types.js';

/**
 * The appends sent to one follower and not yet answered: a ring of (last index, bytes), bounded both ways so that a slow
 * follower holds neither many messages nor much memory. One message may exceed the limit of bytes: it is full afterwards.
 */
export class Inflights {
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  /** Slots of the ring; they grow as needed up to `messagesMax`. */
  #lastIndexes: number[] = [];
  #bytes: number[] = [];
  #start = 0;
  #count = 0;
  /** Invariant: the sum of `#bytes` over the ring. */
  #bytesTotal = 0;

  constructor(limits: { readonly messagesMax: number; readonly bytesMax: number }) {
    assert(limits.messagesMax > 0);
    assert(limits.bytesMax > 0);
    this.#messagesMax = limits.messagesMax;
    this.#bytesMax = limits.bytesMax;
  }

  /** Messages in flight. */
  get count(): number {
    return this.#count;
  }

  /** Nothing more may be sent until something is answered. */
  get isFull(): boolean {
    return this.#count >= this.#messagesMax || this.#bytesTotal >= this.#bytesMax;
  }

  /** Notes a message whose last entry is `lastIndex`. Indexes increase from call to call. */
  add(lastIndex: Index, bytes: number): void {
    assert(!this.isFull, 'append sent beyond the limit of messages in flight');
    if (this.#count === this.#lastIndexes.length) this.#grow();
    const slot = (this.#start + this.#count) % this.#lastIndexes.length;
    this.#lastIndexes[slot] = lastIndex;
    this.#bytes[slot] = bytes;
    this.#count++;
    this.#bytesTotal += bytes;
  }

  /** The follower has everything up to `index`: forgets the messages that carried it. */
  freeTo(index: Index): void {
    while (this.#count > 0 && (this.#lastIndexes[this.#start] as number) <= index) {
      this.#bytesTotal -= this.#bytes[this.#start] as number;
      this.#start = (this.#start + 1) % this.#lastIndexes.length;
      this.#count--;
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytesTotal = 0;
  }

  #grow(): void {
    const size = Math.min(this.#messagesMax, Math.max(8, 2 * this.#count));
    this.#lastIndexes = this.#unrolled(this.#lastIndexes, size);
    this.#bytes = this.#unrolled(this.#bytes, size);
    this.#start = 0;
  }

  #unrolled(ring: readonly number[], size: number): number[] {
    const line = new Array<number>(size).fill(0);
    for (let i = 0; i < this.#count; i++) {
      line[i] = ring[(this.#start + i) % ring.length] as number;
    }
    return line;
  }
}
