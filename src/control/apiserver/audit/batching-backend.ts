import { assert } from '../../../base/assert.js';
import { type Clock, sleep } from '../../../base/clock.js';
import type { AuditBackend, OnAuditLoss } from './audit-backend.js';
import type { AuditEntry } from './audit-entry.js';

/** The --audit-*-batch-* flags. */
export interface BatchOptions {
  /** Events that wait; further ones are lost. */
  readonly eventsMax: number;
  /** Events of a batch. */
  readonly batchMax: number;
  /** Milliseconds after which a batch goes that is not full. */
  readonly waitMs: number;
  /** Batches a second, and how many may follow each other at once after a pause. Null: as fast as they come. */
  readonly throttle: { readonly perSecond: number; readonly burst: number } | null;
  /** Batches that may be on their way at a time. */
  readonly underWayMax: number;
}

/** Collects events and hands them on in batches, so that no request waits for where they go. */
export class BatchingBackend implements AuditBackend {
  readonly #inner: AuditBackend;
  readonly #options: BatchOptions;
  readonly #clock: Clock;
  readonly #onLoss: OnAuditLoss;
  /** Invariant: at most `eventsMax`. */
  #waiting: AuditEntry[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #running: Promise<void>;
  #isClosing = false;
  /** Ends the wait for more events. */
  #wake: () => void = () => {};
  /** Batches that may go at once, as of {@link #creditMs}. */
  #credit: number;
  #creditMs: number;

  constructor(inner: AuditBackend, options: BatchOptions, clock: Clock, onLoss: OnAuditLoss) {
    assert(options.eventsMax > 0);
    assert(options.batchMax > 0);
    this.#inner = inner;
    this.#options = options;
    this.#clock = clock;
    this.#onLoss = onLoss;
    this.#credit = options.throttle?.burst ?? 0;
    this.#creditMs = clock.now();
    this.#running = this.#run();
  }

  take(entries: readonly AuditEntry[]): boolean {
    const lost = this.#waiting.length + entries.length - this.#options.eventsMax;
    const kept = lost > 0 ? entries.slice(0, Math.max(0, entries.length - lost)) : entries;
    this.#waiting.push(...kept);
    if (kept.length < entries.length)
      this.#onLoss(
        'buffered',
        entries.length - kept.length,
        new Error('audit buffer queue blocked'),
      );
    if (this.#waiting.length === kept.length || this.#waiting.length >= this.#options.batchMax)
      this.#wake();
    return true;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    const closed = this.#running.then(() => Promise.all(this.#underWay));
    // What is under way must not wait for a place to become free that the other side never gives.
    await Promise.all([closed, this.#inner.close()]);
  }

  async #run(): Promise<void> {
    const { batchMax, waitMs, underWayMax } = this.#options;
    for (;;) {
      if (this.#waiting.length === 0) {
        if (this.#isClosing) return;
        await this.#pause(null);
        continue;
      }
      if (this.#waiting.length < batchMax && !this.#isClosing) await this.#pause(waitMs);
      await this.#turn();
      while (this.#underWay.size >= underWayMax) await Promise.race(this.#underWay);
      const batch = this.#waiting.slice(0, batchMax);
      this.#waiting = this.#waiting.slice(batchMax);
      this.#send(batch);
    }
  }

  #send(batch: readonly AuditEntry[]): void {
    const sent = this.#inner.take(batch);
    if (typeof sent === 'boolean') return;
    this.#underWay.add(sent);
    void sent.finally(() => this.#underWay.delete(sent));
  }

  /** Until somebody wakes it or the time is up; null: there is none. */
  #pause(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? null : this.#clock.setTimer(ms, () => this.#wake());
      this.#wake = () => {
        this.#wake = () => {};
        if (timer !== null) this.#clock.clearTimer(timer);
        resolve();
      };
    });
  }

  /** Waits until a batch may go. */
  async #turn(): Promise<void> {
    const { throttle } = this.#options;
    if (throttle === null) return;
    const { perSecond, burst } = throttle;
    const earn = () => {
      const nowMs = this.#clock.now();
      const earned = ((nowMs - this.#creditMs) / 1000) * perSecond;
      this.#credit = Math.min(burst, this.#credit + earned);
      this.#creditMs = nowMs;
    };
    for (earn(); this.#credit < 1 && !this.#isClosing; earn())
      await sleep(this.#clock, Math.ceil(((1 - this.#credit) * 1000) / perSecond));
    this.#credit -= 1;
  }
}
