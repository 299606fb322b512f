import type { Clock, Timer } from '../../../base/clock.js';
import { RatedQueue } from './rated-queue.js';

/** Gives lost nodes up, those of each zone at the zone's rate. */
export class Evictor {
  readonly #clock: Clock;
  readonly #evict: (name: string) => void;
  readonly #normalRate: number;
  readonly #zones = new Map<string, RatedQueue>();
  /** The zone in whose queue a node waits. */
  readonly #zoneOf = new Map<string, string>();
  #timer: Timer | null = null;

  /** `evict` is called with each node when it is its turn; `normalRate` (nodes a second) is that of zones nobody has set. */
  constructor(clock: Clock, normalRate: number, evict: (name: string) => void) {
    this.#clock = clock;
    this.#normalRate = normalRate;
    this.#evict = evict;
  }

  /** The node waits for its turn. One that waits already keeps its place, but for one that has changed its zone. */
  add(zone: string, name: string): void {
    if (this.#zoneOf.get(name) === zone) return;
    this.remove(name);
    this.#zoneOf.set(name, zone);
    this.#queueOf(zone).add(name);
    this.#schedule();
  }

  /** The node is well again, or gone. */
  remove(name: string): void {
    const zone = this.#zoneOf.get(name);
    if (zone === undefined) return;
    this.#zoneOf.delete(name);
    this.#queueOf(zone).remove(name);
  }

  /** Nodes a second; 0: none. */
  setRate(zone: string, rate: number): void {
    this.#queueOf(zone).setRate(rate);
    this.#schedule();
  }

  close(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#zones.clear();
    this.#zoneOf.clear();
  }

  #queueOf(zone: string): RatedQueue {
    const queue = this.#zones.get(zone) ?? new RatedQueue(this.#normalRate);
    this.#zones.set(zone, queue);
    return queue;
  }

  #schedule(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    const nowMs = this.#clock.now();
    let least: number | null = null;
    for (const queue of this.#zones.values()) {
      const waitMs = queue.waitMs(nowMs);
      if (waitMs !== null && (least === null || waitMs < least)) least = waitMs;
    }
    if (least !== null) this.#timer = this.#clock.setTimer(least, () => this.#giveOut());
  }

  #giveOut(): void {
    this.#timer = null;
    for (const queue of this.#zones.values()) {
      const name = queue.take(this.#clock.now());
      if (name === null) continue;
      this.#zoneOf.delete(name);
      this.#evict(name);
    }
    this.#schedule();
  }
}
