import type { Clock, Timer } from '../../../base/clock.js';

/** How long watchers are left alone after they were told, for each that was: about what it costs to tell one. */
const restMsEach = 0.05;
/** In any case; what happens meanwhile is told this much later at most. */
const restMsMax = 50;
/** Shorter rests are none. */
const restMsMin = 1;

/**
 * When watchers are told of what has changed: at the end of the turn, but where there are so many of them that telling each of every
 * single change would take more time than there is, they are told several changes at once.
 */
export class DispatchPace {
  readonly #clock: Clock;
  readonly #tell: () => number;
  #isDue = false;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;

  /** `tell` answers how many watchers it has told something. */
  constructor(clock: Clock, tell: () => number) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Has the watchers told soon, once. */
  request(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const waitMs = this.#restUntilMs - this.#clock.now();
    if (waitMs <= 0) this.#clock.defer(() => this.#run());
    else this.#timer = this.#clock.setTimer(waitMs, () => this.#run());
  }

  close(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #run(): void {
    this.#isDue = false;
    this.#timer = null;
    const restMs = Math.min(restMsMax, this.#tell() * restMsEach);
    if (restMs >= restMsMin) this.#restUntilMs = this.#clock.now() + restMs;
  }
}
