import { assert } from '../../../base/assert.js';

const compactFrom = 1024;

/**
 * Encoded events that several watchers send. They send them at about the same time: only the last ones made are kept, up to a bound,
 * since an event itself may live for minutes, for who comes back to where it was.
 */
export class RecentFrames<Event extends object> {
  readonly #bytesMax: number;
  readonly #frames = new Map<Event, Uint8Array>();
  /** The events of #frames in the order of making, from #head on. */
  #order: Event[] = [];
  #head = 0;
  /** Sum of the frames. Invariant: at most #bytesMax, unless a single one is larger. */
  #bytes = 0;

  constructor(bytesMax: number) {
    assert(bytesMax > 0);
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The frame of an event, which is made if it is not here any more. Nobody changes it. */
  frameOf(event: Event, make: () => Uint8Array): Uint8Array {
    const known = this.#frames.get(event);
    if (known !== undefined) return known;
    const frame = make();
    this.#frames.set(event, frame);
    this.#order.push(event);
    this.#bytes += frame.length;
    while (this.#bytes > this.#bytesMax && this.#frames.size > 1) this.#dropOldest();
    return frame;
  }

  #dropOldest(): void {
    const oldest = this.#order[this.#head++];
    assert(oldest !== undefined);
    this.#bytes -= this.#frames.get(oldest)?.length ?? 0;
    this.#frames.delete(oldest);
    if (this.#head < compactFrom || this.#head * 2 < this.#order.length) return;
    this.#order = this.#order.slice(this.#head);
    this.#head = 0;
  }
}
