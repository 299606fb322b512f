import { assert } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import { type Logger, silentLogger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type * as contracts from '../contracts.js';
import type { HistoryReads, RevisionEvents, WatchSink, WatchStream } from '../contracts.js';
import { CatchUp } from './catch-up.js';
import { Delivery } from './delivery.js';
import { RangeIndex } from './range-index.js';
import { RecentRevisions } from './recent-revisions.js';
import { type SharedEvent, SharedRevision } from './shared-event.js';
import { HubStream, type StreamHost } from './stream.js';
import type { Watcher } from './watcher.js';

/** Work at a stretch before the event loop gets its turn. */
const sliceMs = 5;
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
  /** The newest revisions kept in memory for watchers that are a little behind. Defaults 1000 and 4 MiB. */
  readonly recentRevisionsMax?: number;
  readonly recentBytesMax?: number;
}

/**
 * Gives every watcher exactly the events it asked for: in order, none twice, none missing, no revision split.
 *
 * Watchers that are up to date (synced) are found through an index by key, and get a revision when it is published. One
 * whose stream is full, or that wants what is not in memory, falls behind: the hub notes its next revision and nothing
 * else, and it is served from history later. So what the hub holds does not grow with slow clients: a watcher takes
 * about half a kilobyte, whatever its state; a stream's unsent bytes are the sink's, at most its own limit and one
 * response more. The number of streams and of watchers is not limited here.
 */
export class WatchHub implements contracts.WatchHub {
  readonly #history: HistoryReads;
  readonly #clock: Clock;
  readonly #header: (revision: number) => Uint8Array;
  readonly #recent: RecentRevisions;
  readonly #delivery: Delivery;
  readonly #catchUp: CatchUp;
  readonly #host: StreamHost;
  readonly #streams = new Set<HubStream>();
  /** The watchers that are synced. */
  readonly #synced = new RangeIndex<Watcher>();
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
    this.#recent = new RecentRevisions({
      countMax: options.recentRevisionsMax ?? 1000,
      bytesMax: options.recentBytesMax ?? 4 * 1024 * 1024,
    });
    this.#delivery = new Delivery({ history, header, responseBytesMax });
    this.#catchUp = new CatchUp({
      history,
      clock,
      logger,
      recent: this.#recent,
      delivery: this.#delivery,
      onServed: (watcher) => this.#place(watcher),
    });
    this.#host = this.#makeHost(progressIntervalMs, options.prng);
  }

  openStream(sink: WatchSink): WatchStream {
    const stream = new HubStream(this.#host, sink);
    if (this.#isClosed) stream.close();
    else this.#streams.add(stream);
    return stream;
  }

  /** Called after each applied revision, in order, once it is readable. */
  publish(events: RevisionEvents): void {
    if (this.#isClosed) return;
    assert(events.revision > this.#published, 'a revision was published twice');
    const revision = new SharedRevision(events);
    this.#recent.append(revision);
    const matches = this.#match(revision);
    this.#published = revision.revision;
    if (matches.size > 0) this.#dispatch(revision.revision, matches);
  }

  /**
   * The whole state was replaced (the database was opened, or a snapshot restored): every watcher catches up from its own
   * next revision. One with a start in the future keeps it (etcd issues 15271, 20221).
   */
  onRestored(): void {
    const published = this.#published;
    this.#published = this.#history.revision;
    this.#recent.clear();
    this.#catchUp.reset();
    for (const stream of this.#streams) {
      stream.waiting.clear();
      for (const watcher of stream.watchers.values()) {
        if (watcher.state === 'synced') this.#fallBehind(watcher, published + 1);
        this.#place(watcher);
      }
    }
  }

  /** Ends all streams, without a word to them; resolves once nothing is in flight. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stream of this.#streams) stream.close();
    await this.#catchUp.close();
  }

  #makeHost(progressIntervalMs: number, prng: Prng | undefined): StreamHost {
    const published = () => this.#published;
    return {
      clock: this.#clock,
      history: this.#history,
      progressIntervalMs,
      prng,
      get publishedRevision() {
        return published();
      },
      header: this.#header,
      admit: (watcher) => this.#place(watcher),
      drop: (watcher) => {
        this.#synced.remove(watcher);
        this.#catchUp.remove(watcher);
      },
      onDrained: (stream) => {
        const waiting = [...stream.waiting];
        stream.waiting.clear();
        for (const watcher of waiting) this.#place(watcher);
      },
      onClosed: (stream) => this.#streams.delete(stream),
    };
  }

  /** The synced watchers that want events of the revision, with these, in order. */
  #match(revision: SharedRevision): Map<Watcher, SharedEvent[]> {
    const matches = new Map<Watcher, SharedEvent[]>();
    for (const event of revision.events) {
      this.#synced.visit(event.change.key, (watcher) => {
        if (revision.revision < watcher.nextRevision || !watcher.passes(event)) return;
        const events = matches.get(watcher);
        if (events === undefined) matches.set(watcher, [event]);
        else events.push(event);
      });
    }
    return matches;
  }

  /**
   * Sends a revision to its watchers. Those that cannot take it now fall behind, and so do those that are left when the
   * slice of time is over: a key with very many watchers does not hold up everything else.
   */
  #dispatch(revision: number, matches: ReadonlyMap<Watcher, readonly SharedEvent[]>): void {
    const header = this.#header(revision);
    const sliceEndMs = this.#clock.now() + sliceMs;
    let isLate = false;
    let count = 0;
    for (const [watcher, events] of matches) {
      if (watcher.state !== 'synced') continue;
      if (++count % responsesPerLook === 0) isLate = this.#clock.now() >= sliceEndMs;
      if (isLate || watcher.stream.isFull || !this.#delivery.isAtHand(watcher, events)) {
        this.#fallBehind(watcher, revision);
        this.#place(watcher);
        continue;
      }
      watcher.nextRevision = revision + 1;
      this.#delivery.send(watcher, events, header);
    }
    this.#delivery.rest();
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
      this.#synced.add(watcher);
    } else if (watcher.stream.isFull) {
      watcher.stream.waiting.add(watcher);
    } else {
      this.#catchUp.add(watcher);
    }
  }
}
