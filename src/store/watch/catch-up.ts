import { type Clock, sleep, type Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { HistoryReads } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { Delivery } from './delivery.js';
import { HistoryWindow, type Stretch } from './history-window.js';
import { SharedRevision } from './shared-event.js';
import type { Watcher } from './watcher.js';
import { WatcherQueue } from './watcher-queue.js';

/** Memory for the stretch of history that is read; with the encodings made of it up to four times that. */
const windowBytesMax = 8 * 1024 * 1024;
/** Work at a stretch before the event loop gets its turn. */
const sliceMs = 5;
/** How long that stretch is kept after the last watcher was served. */
const windowKeptMs = 1000;
/** Pause after a failed read. */
const retryMs = 100;

/**
 * Brings watchers that are behind up to date: one chunk of history for the first in line, which then goes to the end of
 * the line. What was read last is kept for those that come after it from the same place.
 */
export class CatchUp {
  readonly #history: HistoryReads;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #revisionsMax: number;
  readonly #window: HistoryWindow;
  readonly #delivery: Delivery;
  readonly #onServed: (watcher: Watcher) => void;
  /** In line, first come first. Invariant: all are behind, and their streams take events, or will be found not to. */
  readonly #line = new WatcherQueue();
  #isRunning = false;
  #done: Promise<void> = Promise.resolve();
  /** Set while the window is kept for watchers that may come. */
  #forgetTimer: Timer | null = null;
  readonly #closing = new AbortController();

  /** `onServed`: the watcher had its turn; the owner decides whether it is synced, waits, or gets in line again. */
  constructor(options: {
    readonly history: HistoryReads;
    readonly clock: Clock;
    readonly logger: Logger;
    /** Revisions read at once. */
    readonly revisionsMax: number;
    readonly delivery: Delivery;
    readonly onServed: (watcher: Watcher) => void;
  }) {
    this.#history = options.history;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#revisionsMax = options.revisionsMax;
    this.#window = new HistoryWindow({
      revisionsMax: options.revisionsMax,
      bytesMax: windowBytesMax,
    });
    this.#delivery = options.delivery;
    this.#onServed = options.onServed;
  }

  /** Puts a watcher at the end of the line; a no-op when it is in line. */
  add(watcher: Watcher): void {
    if (this.#closing.signal.aborted) return;
    this.#line.add(watcher);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#keep();
    this.#done = this.#run();
  }

  remove(watcher: Watcher): void {
    this.#line.remove(watcher);
  }

  /** The history was replaced: what was read of it is forgotten. */
  reset(): void {
    this.#window.clear();
  }

  /** Stops for good; resolves once no read is in flight. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#line.clear();
    this.#keep();
    await this.#done;
  }

  async #run(): Promise<void> {
    await this.#nextTurn();
    let sliceEndMs = this.#clock.now() + sliceMs;
    for (let watcher = this.#line.take(); watcher !== undefined; watcher = this.#line.take()) {
      const serving = this.#serve(watcher);
      if (serving !== undefined) await serving;
      if (this.#clock.now() < sliceEndMs) continue;
      await this.#nextTurn();
      sliceEndMs = this.#clock.now() + sliceMs;
    }
    this.#delivery.rest();
    this.#isRunning = false;
    this.#forgetLater();
  }

  /** Watchers of a slow stream come back again and again: what was read for them is kept for a while. */
  #forgetLater(): void {
    if (this.#closing.signal.aborted) return;
    this.#forgetTimer = this.#clock.setTimer(windowKeptMs, () => {
      this.#forgetTimer = null;
      this.#window.clear();
    });
  }

  #keep(): void {
    if (this.#forgetTimer !== null) this.#clock.clearTimer(this.#forgetTimer);
    this.#forgetTimer = null;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#clock.defer(resolve));
  }

  /** Serves a watcher, at once if all it wants next is at hand. */
  #serve(watcher: Watcher): Promise<void> | undefined {
    if (watcher.state !== 'behind') return undefined;
    if (!watcher.stream.isFull) {
      const stretch = this.#window.at(watcher.nextRevision);
      if (stretch === undefined || this.#mayGrow(stretch)) return this.#readAndServe(watcher);
      const replaying = this.#delivery.replay(watcher, stretch);
      if (replaying !== undefined) return this.#finish(watcher, replaying);
    }
    if (watcher.state === 'behind') this.#onServed(watcher);
    return undefined;
  }

  async #readAndServe(watcher: Watcher): Promise<void> {
    await this.#finish(
      watcher,
      this.#read(watcher).then((stretch) => this.#delivery.replay(watcher, stretch)),
    );
  }

  async #finish(watcher: Watcher, replaying: Promise<void>): Promise<void> {
    try {
      await replaying;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      await this.#onFailure(watcher, error);
    }
    if (watcher.state === 'behind') this.#onServed(watcher);
  }

  /** The history has gone on since it was read: what is new goes into the same response, as etcd has it. */
  #mayGrow({ revisions, through }: Stretch): boolean {
    return revisions.length < this.#revisionsMax && through < this.#history.revision;
  }

  /** Reads what the window lacks of the stretch that the watcher wants. */
  async #read({ nextRevision }: Watcher): Promise<Stretch> {
    const current = this.#history.revision;
    if (nextRevision > current) return { through: current, revisions: [] };
    const from = (this.#window.at(nextRevision)?.through ?? nextRevision - 1) + 1;
    const read = await this.#history.history(from, this.#revisionsMax);
    const through = read.at(-1)?.revision ?? current;
    const revisions = read.map((revision) => new SharedRevision(revision));
    this.#window.add(from, { through, revisions });
    // Nothing when the history was replaced meanwhile: the watcher comes again.
    return this.#window.at(nextRevision) ?? { through: nextRevision - 1, revisions: [] };
  }

  async #onFailure(watcher: Watcher, error: unknown): Promise<void> {
    if (error instanceof StoreError && error.code === 'compacted') {
      if (watcher.state === 'behind') watcher.stream.cancelCompacted(watcher);
      return;
    }
    this.#logger.warn('watch: reading history failed and is tried again', { cause: String(error) });
    await sleep(this.#clock, retryMs, this.#closing.signal).catch(() => {});
  }
}
