import type { Clock, Timer } from '../../base/clock.js';

/** Milliseconds that what is in no hurry waits for something to go with. */
const lateMs = 10;

/** Somebody who has collected output. */
export interface Flushable {
  flush(): void;
}

/**
 * Writes at the end of the event-loop turn what its connections have collected in it: one write a connection, however many
 * calls were answered. What a deferred step has answered (a turn of the consensus loop) is written right after that step, not a
 * look at all sockets later.
 */
export class FlushQueue {
  readonly #clock: Clock;
  #dirty: Flushable[] = [];
  /** Those that have something which is in no hurry, or had when they were added. */
  #late = new Set<Flushable>();
  /** There while there are any. */
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has `flush` called once at the end of the turn. The caller does not add itself again before that. */
  add(flushable: Flushable): void {
    this.#dirty.push(flushable);
    if (this.#dirty.length === 1) this.#clock.deferBriefly(() => this.#flushAll());
  }

  /** Has `flush` called within some milliseconds. Until then the caller may be flushed for other reasons. */
  addLater(flushable: Flushable): void {
    this.#late.add(flushable);
    this.#timer ??= this.#clock.setTimer(lateMs, () => this.#flushLate());
  }

  /** The caller has nothing to send any more. */
  forget(flushable: Flushable): void {
    this.#late.delete(flushable);
    if (this.#late.size > 0 || this.#timer === null) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #flushLate(): void {
    this.#timer = null;
    const late = this.#late;
    this.#late = new Set();
    for (const flushable of late) flushable.flush();
  }

  #flushAll(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const flushable of dirty) flushable.flush();
  }
}
