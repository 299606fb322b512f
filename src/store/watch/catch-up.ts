import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { HistoryReads } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { Delivery } from './delivery.js';
import type { RecentRevisions } from './recent-revisions.js';
import { SharedRevision } from './shared-event.js';
import type { Watcher } from './watcher.js';

/** Revisions read at once, and in one response at most (etcd's limit). */
const revisionsMax = 1000;
/** Work at a stretch before the event loop gets its turn. */
const sliceMs = 5;
/** Pause after a failed read. */
const retryMs = 100;

/** Revisions [from, through] of the history, as far as they have events. */
interface Chunk {
  readonly from: number;
  readonly through: number;
  readonly revisions: readonly SharedRevision[];
}

/**
 * Brings watchers that are behind up to date: one chunk of history for the first in line, which then goes to the end of
 * the line. What was read last is kept for those that come after it from the same place.
 */
export class CatchUp {
  readonly #history: HistoryReads;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #recent: RecentRevisions;
  readonly #delivery: Delivery;
  readonly #onServed: (watcher: Watcher) => void;
  /** In line, first come first. Invariant: all are behind, and their streams take events, or will be found not to. */
  readonly #line = new Set<Watcher>();
  #lastChunk: Chunk | null = null;
  #isRunning = false;
  #done: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();

  /** `onServed`: the watcher had its turn; the owner decides whether it is synced, waits, or gets in line again. */
  constructor(options: {
    readonly history: HistoryReads;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly recent: RecentRevisions;
    readonly delivery: Delivery;
    readonly onServed: (watcher: Watcher) => void;
  }) {
    this.#history = options.history;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#recent = options.recent;
    this.#delivery = options.delivery;
    this.#onServed = options.onServed;
  }

  /** Puts a watcher at the end of the line; a no-op when it is in line. */
  add(watcher: Watcher): void {
    if (this.#closing.signal.aborted) return;
    this.#line.add(watcher);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#done = this.#run();
  }

  remove(watcher: Watcher): void {
    this.#line.delete(watcher);
  }

  /** The history was replaced: what was read of it is forgotten. */
  reset(): void {
    this.#lastChunk = null;
  }

  /** Stops for good; resolves once no read is in flight. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#line.clear();
    await this.#done;
  }

  async #run(): Promise<void> {
    await this.#nextTurn();
    let sliceEndMs = this.#clock.now() + sliceMs;
    for (let watcher = this.#takeFirst(); watcher !== undefined; watcher = this.#takeFirst()) {
      await this.#serve(watcher);
      if (this.#clock.now() < sliceEndMs) continue;
      await this.#nextTurn();
      sliceEndMs = this.#clock.now() + sliceMs;
    }
    this.#lastChunk = null;
    this.#delivery.rest();
    this.#isRunning = false;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#clock.defer(resolve));
  }

  #takeFirst(): Watcher | undefined {
    const first = this.#line.values().next().value;
    if (first !== undefined) this.#line.delete(first);
    return first;
  }

  async #serve(watcher: Watcher): Promise<void> {
    if (watcher.state !== 'behind') return;
    try {
      const chunk = this.#chunkAtHand(watcher.nextRevision) ?? (await this.#read(watcher));
      await this.#delivery.replay(watcher, chunk.revisions, chunk.through);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      await this.#onFailure(watcher, error);
    }
    if (watcher.state === 'behind') this.#onServed(watcher);
  }

  #chunkAtHand(from: number): Chunk | undefined {
    const revisions = this.#recent.from(from, revisionsMax);
    const last = revisions.at(-1);
    if (last !== undefined) return { from, through: last.revision, revisions };
    const chunk = this.#lastChunk;
    if (chunk === null || from < chunk.from || from > chunk.through) return undefined;
    return chunk;
  }

  async #read({ nextRevision }: Watcher): Promise<Chunk> {
    const current = this.#history.revision;
    if (nextRevision > current) return { from: nextRevision, through: current, revisions: [] };
    const read = await this.#history.history(nextRevision, revisionsMax);
    const through = read.at(-1)?.revision ?? current;
    const revisions = read.map((revision) => new SharedRevision(revision));
    this.#lastChunk = { from: nextRevision, through, revisions };
    return this.#lastChunk;
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
