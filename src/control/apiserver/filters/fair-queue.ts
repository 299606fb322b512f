import { assert } from '../../../base/assert.js';

/** How much waits, and for how much runs. */
export interface FairQueueLimits {
  /** What runs at a time. */
  readonly runningMax: number;
  /** What may wait of one flow. */
  readonly waitingPerFlowMax: number;
}

/** Someone who waits. */
interface Waiter {
  admit(): void;
}

/**
 * Lets a bounded number run at a time and hands places that become free to the flows in turn, one each: a flow that asks for much
 * waits behind itself, not in front of the others.
 */
export class FairQueue {
  readonly #limits: FairQueueLimits;
  /** Flows that wait, in the order of their turns. Invariant: no queue is empty. */
  readonly #waiting = new Map<string, Waiter[]>();
  #running = 0;

  constructor(limits: FairQueueLimits) {
    assert(limits.runningMax > 0);
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  /** How many wait, of all flows. */
  get waiting(): number {
    let count = 0;
    for (const queue of this.#waiting.values()) count += queue.length;
    return count;
  }

  /**
   * Asks for a place. Null: it is there at once. `full`: too many of this flow wait already. Else it is waited for: `admitted` resolves
   * with the place, unless `leave` is called before.
   */
  enter(flow: string): null | 'full' | { readonly admitted: Promise<void>; leave(): void } {
    if (this.#running < this.#limits.runningMax) {
      this.#running++;
      return null;
    }
    const queue = this.#waiting.get(flow) ?? [];
    if (queue.length >= this.#limits.waitingPerFlowMax) return 'full';
    let admit = () => {};
    const admitted = new Promise<void>((resolve) => {
      admit = resolve;
    });
    const waiter: Waiter = { admit };
    queue.push(waiter);
    this.#waiting.set(flow, queue);
    return { admitted, leave: () => this.#remove(flow, waiter) };
  }

  /** Gives a place back: to who is next, if anybody waits. */
  exit(): void {
    assert(this.#running > 0, 'a place that nobody had is given back');
    for (const [flow, queue] of this.#waiting) {
      const next = queue.shift();
      // The flow's next turn comes after everybody else's.
      this.#waiting.delete(flow);
      if (queue.length > 0) this.#waiting.set(flow, queue);
      assert(next !== undefined, 'a flow that waits has somebody waiting');
      next.admit();
      return;
    }
    this.#running--;
  }

  #remove(flow: string, waiter: Waiter): void {
    const queue = this.#waiting.get(flow) ?? [];
    const at = queue.indexOf(waiter);
    if (at < 0) return;
    queue.splice(at, 1);
    if (queue.length === 0) this.#waiting.delete(flow);
  }
}
