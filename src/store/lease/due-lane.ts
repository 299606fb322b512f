import { assert } from '../../base/assert.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { ApplyResult } from '../contracts.js';

/** Pause after a proposal that failed. */
const retryMs = 500;

/** What a lane works on: things that fall due, taken in batches, each batch one proposal. */
export interface DueLaneOptions<Item> {
  /** For the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Items taken per second at most. */
  readonly perSecondMax: number;
  /** When the next item falls due, in monotonic milliseconds; undefined when there is none. */
  nextDueMs(): number | undefined;
  /** Takes a batch of what is due now, maybe nothing; what was taken has a later due afterwards. */
  take(): readonly Item[];
  propose(items: readonly Item[]): Promise<ApplyResult>;
}

/**
 * Proposes what falls due, one batch at a time: the next one only after the former is answered. So nothing of it is in
 * flight twice, and a cluster that is slow is not given more to do.
 */
export class DueLane<Item> {
  readonly #options: DueLaneOptions<Item>;
  /** Grows with every start and stop: work begun before is then void. */
  #session = 0;
  #isActive = false;
  #isClosed = false;
  #timer: Timer | null = null;
  /** When #timer fires. */
  #timerMs = 0;
  #inFlight: Promise<void> | null = null;
  /** No batch before this moment: the rate limit, or the pause after a failure. */
  #notBeforeMs = 0;

  constructor(options: DueLaneOptions<Item>) {
    this.#options = options;
  }

  start(): void {
    if (this.#isClosed) return;
    assert(!this.#isActive, `the ${this.#options.name} lane runs already`);
    this.#session++;
    this.#isActive = true;
    this.#arm();
  }

  stop(): void {
    this.#session++;
    this.#isActive = false;
    this.#disarm();
  }

  /** A due may have been brought forward. */
  onDue(): void {
    if (this.#isActive) this.#arm();
  }

  /** Stops for good; resolves once nothing is in flight. */
  async close(): Promise<void> {
    this.stop();
    this.#isClosed = true;
    await this.#inFlight;
  }

  /** Sees to it that the timer fires when the next batch may be taken. A timer that is too early does no harm. */
  #arm(): void {
    if (this.#inFlight !== null) return;
    const dueMs = this.#options.nextDueMs();
    if (dueMs === undefined) return;
    const atMs = Math.max(dueMs, this.#notBeforeMs);
    if (this.#timer !== null && this.#timerMs <= atMs) return;
    this.#disarm();
    this.#timerMs = atMs;
    const delayMs = Math.max(0, atMs - this.#options.clock.now());
    this.#timer = this.#options.clock.setTimer(delayMs, () => this.#onTimer());
  }

  #disarm(): void {
    if (this.#timer !== null) this.#options.clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #onTimer(): void {
    this.#timer = null;
    const { clock, perSecondMax } = this.#options;
    if (clock.now() >= this.#notBeforeMs) {
      const items = this.#options.take();
      if (items.length > 0) {
        this.#notBeforeMs = clock.now() + (items.length * 1000) / perSecondMax;
        this.#inFlight = this.#run(items, this.#session);
        return;
      }
    }
    this.#arm();
  }

  async #run(items: readonly Item[], session: number): Promise<void> {
    const { clock, logger, name } = this.#options;
    try {
      const result = await this.#options.propose(items);
      if (!result.ok) throw result.error;
    } catch (cause) {
      // The items have a later due already. Whether the proposal takes effect after all makes no difference to them.
      this.#notBeforeMs = Math.max(this.#notBeforeMs, clock.now() + retryMs);
      if (session === this.#session) {
        logger.warn(`${name}: the proposal failed and is made again`, { cause: String(cause) });
      }
    }
    this.#inFlight = null;
    if (this.#isActive) this.#arm();
  }
}
