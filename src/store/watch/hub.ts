import { assert } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import { type Logger, silentLogger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type * as contracts from '../contracts.js';
import type { HistoryReads, RevisionEvents, WatchSink, WatchStream } from '../contracts.js';
import { CatchUp } from './catch-up.js';
import { Delivery, type EncodedEvents } from './delivery.js';
import { Overflow } from './overflow.js';
import { SharedEvent } from './shared-event.js';
import { HubStream, type StreamHost } from './stream.js';
import { type WatchGroup, WatchGroups } from './watch-groups.js';
import type { Watcher } from './watcher.js';

/** Work at a stretch before the event loop gets its turn. */
const sliceMs = 5;
/** Watchers that go on together when their stream has drained. */
const wokenOnDrain = 16;
/** Responses between two looks at the clock. */
const responsesPerLook = 64;

/** What a hub is made of and its limits. */
export interface WatchHubOptions {
  readonly history: HistoryReads;
  readonly clock: Clock;
  /** Encodes a ResponseHeader with this revision. */
  readonly header: (revision: number) => Uint8Array;
  readonly logger?: Logger;
  /** Spreads progress responses by up to a tenth of their interval; without it they are not spread. */
  readonly prng?: Prng;
  /** Time between progress responses to an idle watcher that asked for them; at least 100, default 10 minutes. */
  readonly progressIntervalMs?: number;
  /**
   * Bytes at which a response from history is closed, and beyond which one revision is split for watchers that take
   * fragments (--max-request-bytes). Default 1.5 MiB.
   */
  readonly responseBytesMax?: number;
  /** Bytes sent to a stream after its sink is full, and to all of them together. Defaults 512 KiB and 64 MiB. */
  readonly overflowStreamBytesMax?: number;
  readonly overflowTotalBytesMax?: number;
  /** Revisions of history read at once, and in one response at most. Default 1000 (etcd's limit). */
  readonly historyRevisionsMax?: number;
}

/**
 * Gives every watcher exactly the events it asked for: in order, none twice, none missing, no revision split.
 *
 * Watchers that are up to date (synced) are found through an index by key, and get a revision when it is published. One
 * whose stream is full, or that wants what is not in memory, falls behind: the hub notes its next revision and nothing
 * else, and it is served from history later. So what the hub holds does not grow with slow clients: a watcher takes
 * about half a kilobyte, whatever its state; a stream's unsent bytes are the sink's, at most its own limit, half a
 * megabyte while that is to be had, and one response more. The number of streams and of watchers is not limited here.
 */
export class WatchHub implements contracts.WatchHub {
  readonly #history: HistoryReads;
  readonly #clock: Clock;
  readonly #header: (revision: number) => Uint8Array;
  readonly #delivery: Delivery;
  readonly #catchUp: CatchUp;
  readonly #host: StreamHost;
  readonly #streams = new Set<HubStream>();
  /** The watchers that are synced. */
  readonly #synced = new WatchGroups<Watcher>();
  /** Published and not dispatched yet. */
  #pending: RevisionEvents[] = [];
  /** All of this revision and before has been dispatched. Invariant: <= history.revision. */
  #published: number;
  #isClosed = false;

  constructor(options: WatchHubOptions) {
    const { history, clock, header, logger = silentLogger } = options;
    const { progressIntervalMs = 600_000, responseBytesMax = 1_572_864 } = options;
    assert(progressIntervalMs >= 100, `progress interval of ${progressIntervalMs} ms`);
    this.#history = history;
    this.#clock = clock;
    this.#header = header;
    this.#published = history.revision;
    this.#delivery = new Delivery({ history, header, responseBytesMax });
    this.#catchUp = new CatchUp({
      history,
      clock,
      logger,
      revisionsMax: options.historyRevisionsMax ?? 1000,
      delivery: this.#delivery,
      onServed: (watcher) => {
        this.#place(watcher);
        this.#wake(watcher.stream, 1);
      },
    });
    const overflow = new Overflow({
      streamBytesMax: options.overflowStreamBytesMax ?? 512 * 1024,
      totalBytesMax: options.overflowTotalBytesMax ?? 64 * 1024 * 1024,
    });
    this.#host = this.#makeHost({ progressIntervalMs, overflow, prng: options.prng });
  }

  openStream(sink: WatchSink): WatchStream {
    const stream = new HubStream(this.#host, sink);
    if (this.#isClosed) stream.close();
    else this.#streams.add(stream);
    return stream;
  }

  /**
   * Called after each applied revision, in order, once it is readable. Watchers get it at the next {@link flush}. While nobody
   * watches, this is all that a write costs here.
   */
  publish(events: RevisionEvents): void {
    if (this.#isClosed) return;
    const newest = this.#pending.at(-1)?.revision ?? this.#published;
    assert(events.revision > newest, 'a revision was published twice');
    if (this.#synced.isEmpty && this.#pending.length === 0) this.#published = events.revision;
    else this.#pending.push(events);
  }

  /** Dispatches what was published since the last call: for each watcher one response, whatever the number of revisions. */
  flush(): void {
    const pending = this.#pending;
    const first = pending[0];
    const last = pending.at(-1);
    if (first === undefined || last === undefined) return;
    this.#pending = [];
    const groups = this.#match(pending);
    this.#published = last.revision;
    if (groups.length > 0) this.#dispatch(groups, first.revision, last.revision);
  }

  /**
   * The whole state was replaced (the database was opened, or a snapshot restored): every watcher catches up from its own
   * next revision. One with a start in the future keeps it (etcd issues 15271, 20221).
   */
  onRestored(): void {
    const published = this.#published;
    this.#published = this.#history.revision;
    this.#pending = [];
    this.#catchUp.reset();
    for (const stream of this.#streams) {
      stream.waiting.clear();
      for (const watcher of stream.watchers.values()) {
        if (watcher.state === 'synced') this.#fallBehind(watcher, published + 1);
        this.#place(watcher);
      }
    }
  }

  /** Streams and watchers there are, and watchers that are behind what was published. */
  stats(): { readonly streams: number; readonly watchers: number; readonly slow: number } {
    let watchers = 0;
    let slow = 0;
    for (const stream of this.#streams) {
      watchers += stream.watchers.size;
      for (const { state } of stream.watchers.values()) if (state === 'behind') slow++;
    }
    return { streams: this.#streams.size, watchers, slow };
  }

  /** Ends all streams, without a word to them; resolves once nothing is in flight. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stream of this.#streams) stream.close();
    await this.#catchUp.close();
  }

  #makeHost(options: Pick<StreamHost, 'progressIntervalMs' | 'overflow' | 'prng'>): StreamHost {
    const published = () => this.#published;
    return {
      clock: this.#clock,
      history: this.#history,
      ...options,
      get publishedRevision() {
        return published();
      },
      header: this.#header,
      admit: (watcher) => this.#place(watcher),
      drop: (watcher) => {
        this.#synced.remove(watcher);
        this.#catchUp.remove(watcher);
        this.#wake(watcher.stream, 1);
      },
      onDrained: (stream) => this.#wake(stream, wokenOnDrain),
      onClosed: (stream) => this.#streams.delete(stream),
    };
  }

  /** The groups that want any of the events, with those that they want. */
  #match(pending: readonly RevisionEvents[]): WatchGroup<Watcher>[] {
    const matched: WatchGroup<Watcher>[] = [];
    for (const { revision, events } of pending) {
      for (const change of events) {
        let event: SharedEvent | null = null;
        this.#synced.visit(change.key, (group) => {
          event ??= new SharedEvent(change, revision);
          if (!group.passes(event)) return;
          if (group.matches === null) {
            group.matches = [];
            matched.push(group);
          }
          group.matches.push(event);
        });
      }
    }
    return matched;
  }

  /**
   * Sends revisions `first` to `last` to their watchers. Those that cannot take them now fall behind, and so do those that are
   * left when the slice of time is over: a key with very many watchers does not hold up everything else.
   */
  #dispatch(groups: readonly WatchGroup<Watcher>[], first: number, last: number): void {
    const sliceEndMs = this.#clock.now() + sliceMs;
    let isLate = false;
    let count = 0;
    for (const group of groups) {
      const events = group.matches ?? [];
      group.matches = null;
      const isAtHand = this.#delivery.isAtHand(group.prevKv, events);
      const parts = isAtHand ? this.#delivery.encode(group.prevKv, events, last) : [];
      group.forEach((watcher) => {
        if (++count % responsesPerLook === 0) isLate = this.#clock.now() >= sliceEndMs;
        if (watcher.state !== 'synced' || watcher.nextRevision > last) return;
        // One that is to see the end of the batch only is for the history to serve, as are those that cannot take it now.
        const isReady = !isLate && isAtHand && watcher.nextRevision <= first;
        const behindFrom = isReady ? this.#sendAll(watcher, parts, first) : first;
        if (behindFrom === null) return;
        this.#fallBehind(watcher, behindFrom);
        this.#place(watcher);
      });
    }
    this.#delivery.rest();
  }

  /** Sends the responses as far as the stream takes them; the revision with which it stopped, or null. */
  #sendAll(watcher: Watcher, parts: readonly EncodedEvents[], first: number): number | null {
    let next = first;
    for (const part of parts) {
      if (watcher.state !== 'synced') return null;
      if (watcher.stream.isFull) return next;
      next = part.reached + 1;
      watcher.nextRevision = next;
      this.#delivery.send(watcher, part);
    }
    return null;
  }

  /** A synced watcher that was given everything before `revision` gets no more as it is published. */
  #fallBehind(watcher: Watcher, revision: number): void {
    this.#synced.remove(watcher);
    watcher.state = 'behind';
    watcher.nextRevision = Math.max(watcher.nextRevision, revision);
  }

  /** Where a watcher that is behind goes: it is synced, or waits for its stream to drain, or gets in line. */
  #place(watcher: Watcher): void {
    if (watcher.nextRevision > this.#history.revision) {
      watcher.state = 'synced';
      watcher.range = this.#synced.add(watcher).range;
    } else if (watcher.stream.isFull) {
      watcher.stream.waiting.add(watcher);
    } else {
      this.#catchUp.add(watcher);
    }
  }
  /**
   * Has the next `count` watchers that wait for a stream to drain go on. They are woken one by one as others were served, for the
   * stream is likely to be full again soon. Invariant: while a stream takes events, and watchers of it wait, others of it are in line.
   */
  #wake(stream: HubStream, count: number): void {
    for (let left = count; left > 0 && !stream.isFull; left--) {
      const watcher = stream.waiting.take();
      if (watcher === undefined) return;
      this.#place(watcher);
    }
  }
}
