import { assert } from '../../../base/assert.js';
import type { ClusterEvent } from '../framework/cluster-event.js';

/**
 * What happened while pods were in their cycles: a change that comes between a refusal and the pod's return to the queue would be lost
 * otherwise. Memory: the events since the oldest pod that is under way began; none when no pod is.
 */
export class InFlightEvents {
  /** The events from number `#first` on. */
  readonly #events: ClusterEvent[] = [];
  #first = 0;
  /** For each pod under way the number of the first event after it began; in the order that they began. */
  readonly #begins = new Map<string, number>();

  /** Pods under way. */
  get size(): number {
    return this.#begins.size;
  }

  begin(uid: string): void {
    assert(!this.#begins.has(uid), `pod ${uid} is under way already`);
    this.#begins.set(uid, this.#first + this.#events.length);
  }

  record(event: ClusterEvent): void {
    if (this.#begins.size > 0) this.#events.push(event);
  }

  /** What happened since the pod began; it stays under way. Null when it is not. */
  since(uid: string): readonly ClusterEvent[] | null {
    const begin = this.#begins.get(uid);
    return begin === undefined ? null : this.#events.slice(begin - this.#first);
  }

  /** The pod is not under way any more, if it was. */
  end(uid: string): void {
    if (!this.#begins.delete(uid)) return;
    const [oldest] = this.#begins.values();
    const unused = oldest === undefined ? this.#events.length : oldest - this.#first;
    // Cutting off a few at a time would move the rest each time.
    if (unused < this.#events.length && unused * 2 < this.#events.length) return;
    this.#events.splice(0, unused);
    this.#first += unused;
  }
}
