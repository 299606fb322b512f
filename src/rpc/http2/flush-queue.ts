import type { Clock } from '../../base/clock.js';

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

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has `flush` called once at the end of the turn. The caller does not add itself again before that. */
  add(flushable: Flushable): void {
    this.#dirty.push(flushable);
    if (this.#dirty.length === 1) this.#clock.deferBriefly(() => this.#flushAll());
  }

  #flushAll(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const flushable of dirty) flushable.flush();
  }
}
