import { assert } from '../../../base/assert.js';

/** How many run, and who waits. */
export interface QueueSetLimits {
  /** Seats that are this level's own. */
  readonly seats: number;
  /** Queues that those who wait are spread over; 0: nobody waits. */
  readonly queues: number;
  /** Queues that a flow may use: it joins the shortest of them. */
  readonly handSize: number;
  readonly queueLengthMax: number;
}

/** Someone who waits. */
export interface Waiting {
  /** Resolves with the seat, unless {@link leave} is called before. */
  readonly admitted: Promise<void>;
  /** False when the seat is there already: then it is kept, and must be given back. */
  leave(): boolean;
}

/** A request has at most this part of its level's seats. */
const widthFraction = 0.15;

interface Waiter {
  /** Seats that it takes. */
  readonly width: number;
  admit(): void;
}

interface Queue {
  readonly waiters: Waiter[];
  /** The seats that the queue was given so far, as virtual time: the smallest is served next. */
  virtual: number;
}

/**
 * The seats and queues of one priority level: fair queueing over shuffle-sharded queues. A flow is dealt a hand of queues by its hash, so
 * that one which floods its own queues leaves most others at least one that it does not share.
 */
export class QueueSet {
  #limits: QueueSetLimits;
  #queues: Queue[];
  #running = 0;
  #waiting = 0;
  /** Virtual time of the queue that was served last: one that begins to wait starts here. */
  #virtual = 0;
  /** Whether other levels have so many seats to lend. */
  readonly #mayBorrow: (seats: number) => boolean;

  constructor(limits: QueueSetLimits, mayBorrow: (seats: number) => boolean = () => false) {
    this.#limits = limits;
    this.#queues = queuesOf(limits);
    this.#mayBorrow = mayBorrow;
  }

  /** Seats that are taken. */
  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get seats(): number {
    return this.#limits.seats;
  }

  /** Seats that one request takes at most: a long list does not hold the whole level up. */
  get widthMax(): number {
    return Math.max(1, Math.ceil(this.#limits.seats * widthFraction));
  }

  /** Takes other limits into use. Who waits goes on waiting, in the queues there were, when their number changes. */
  setLimits(limits: QueueSetLimits): void {
    const kept = this.#queues.filter(({ waiters }) => waiters.length > 0);
    const isReshaped = limits.queues !== this.#limits.queues;
    this.#limits = limits;
    if (isReshaped) this.#queues = [...queuesOf(limits), ...kept];
    this.dispatch();
  }

  /**
   * Asks for seats, at most {@link widthMax}. Null: they are there at once; `full`: nobody more may wait. The hash is asked for when there is
   * a queue to choose.
   */
  enter(flowHash: () => bigint, width = 1): null | 'full' | Waiting {
    assert(width >= 1);
    if (this.#waiting === 0 && this.#hasSeats(width)) {
      this.#running += width;
      return null;
    }
    const queue = this.#shortestOf(flowHash());
    if (queue === undefined || queue.waiters.length >= this.#limits.queueLengthMax) return 'full';
    let admit = () => {};
    const admitted = new Promise<void>((resolve) => {
      admit = resolve;
    });
    const waiter = { admit, width };
    if (queue.waiters.length === 0) queue.virtual = Math.max(queue.virtual, this.#virtual);
    queue.waiters.push(waiter);
    this.#waiting++;
    const leave = () => {
      const at = queue.waiters.indexOf(waiter);
      if (at < 0) return false;
      queue.waiters.splice(at, 1);
      this.#waiting--;
      // It may have been its turn, for more seats than the next one needs.
      this.dispatch();
      return true;
    };
    return { admitted, leave };
  }

  /** Gives as many seats back as were taken. */
  exit(width = 1): void {
    assert(this.#running >= width, 'a seat that nobody had is given back');
    this.#running -= width;
    this.dispatch();
  }

  /** Seats those who wait, as far as there are seats. */
  dispatch(): void {
    while (this.#waiting > 0) {
      let next: Queue | undefined;
      for (const queue of this.#queues) {
        if (queue.waiters.length > 0 && (next === undefined || queue.virtual < next.virtual))
          next = queue;
      }
      const waiter = next?.waiters[0];
      assert(next !== undefined && waiter !== undefined, 'somebody waits in some queue');
      // Whose turn it is waits for all of its seats: nobody overtakes it.
      if (!this.#hasSeats(waiter.width)) return;
      next.waiters.shift();
      this.#virtual = next.virtual;
      next.virtual += waiter.width;
      this.#waiting--;
      this.#running += waiter.width;
      waiter.admit();
    }
  }

  #hasSeats(width: number): boolean {
    const { seats } = this.#limits;
    if (this.#running + width <= seats) return true;
    return this.#mayBorrow(this.#running + width - Math.max(this.#running, seats));
  }

  #shortestOf(flowHash: bigint): Queue | undefined {
    const { queues, handSize } = this.#limits;
    let shortest: Queue | undefined;
    for (const card of dealHand(flowHash, queues, handSize)) {
      const queue = this.#queues[card];
      if (queue === undefined) continue;
      if (shortest === undefined || queue.waiters.length < shortest.waiters.length)
        shortest = queue;
    }
    return shortest;
  }
}

function queuesOf({ queues }: QueueSetLimits): Queue[] {
  return Array.from({ length: queues }, () => ({ waiters: [], virtual: 0 }));
}

/** `handSize` different numbers below `deckSize`, told by the hash alone: each is drawn from those that are left. */
export function dealHand(hash: bigint, deckSize: number, handSize: number): number[] {
  const deck = Array.from({ length: deckSize }, (_, at) => at);
  const hand: number[] = [];
  let rest = BigInt.asUintN(64, hash);
  for (let left = deckSize; left > deckSize - handSize && left > 0; left--) {
    const at = Number(rest % BigInt(left));
    rest /= BigInt(left);
    hand.push(...deck.splice(at, 1));
  }
  return hand;
}
