import type { Clock, Timer } from '../../base/clock.js';
import type { Prng } from '../../base/prng.js';
import type { WatchCreateRequest } from '../../wire/gen/etcdserverpb.js';
import type { HistoryReads, WatchSink, WatchStream } from '../contracts.js';
import { StoreError } from '../errors.js';
import { type KeyRange, parseKeyRange } from './key-range.js';
import type { Overflow } from './overflow.js';
import { encodeNotice, type Notice, noWatchId } from './response.js';
import { Watcher } from './watcher.js';
import { WatcherQueue } from './watcher-queue.js';

/** What a stream needs of its hub. */
export interface StreamHost {
  readonly clock: Clock;
  readonly history: HistoryReads;
  /** The newest revision whose events all synced watchers were given. */
  readonly publishedRevision: number;
  readonly progressIntervalMs: number;
  readonly overflow: Overflow;
  /** Spreads the progress responses of many streams; none: they are not spread. */
  readonly prng: Prng | undefined;
  header(revision: number): Uint8Array;
  /** Starts serving a new watcher. */
  admit(watcher: Watcher): void;
  /** Stops serving a watcher; it is in state `ended` already. */
  drop(watcher: Watcher): void;
  /** The stream takes events again. */
  onDrained(stream: HubStream): void;
  onClosed(stream: HubStream): void;
}

/** One client's stream: its watchers, and what is said about them beside events. */
export class HubStream implements WatchStream {
  readonly watchers = new Map<bigint, Watcher>();
  /** Those that are behind and wait until the stream takes events again. The hub's. */
  readonly waiting = new WatcherQueue();
  /** The sink is full, and what may be sent beyond that has been: no events until it has drained. */
  isFull = false;
  /** Bytes sent since the sink was full. */
  #overflowBytes = 0;
  #isClosed = false;
  readonly #host: StreamHost;
  readonly #sink: WatchSink;
  /** Where the search for a free watch id begins. */
  #nextWatchId = 0n;
  /** A progress response was asked for while the sink was full. One answer does for all of them. */
  #owesProgress = false;
  #progressTimer: Timer | null = null;

  constructor(host: StreamHost, sink: WatchSink) {
    this.#host = host;
    this.#sink = sink;
  }

  create(request: WatchCreateRequest): void {
    if (this.#isClosed) return;
    const range = parseKeyRange(request);
    if (request.startRevision < 0) {
      this.refuse(new StoreError('compacted').message);
    } else if (range === undefined) {
      this.refuse('mvcc: watcher range is empty');
    } else if (request.watchId !== 0n && this.watchers.has(request.watchId)) {
      this.refuse('mvcc: duplicate watch ID provided on the WatchStream');
    } else {
      this.#start(range, request);
    }
  }

  refuse(cancelReason: string): void {
    const header = this.#host.header(this.#host.history.revision);
    this.#notify({ header, watchId: noWatchId, created: true, canceled: true, cancelReason });
  }

  cancel(watchId: bigint): void {
    const watcher = this.watchers.get(watchId);
    if (watcher === undefined) return;
    this.#end(watcher);
    const header = this.#host.header(this.#host.history.revision);
    this.#notify({ header, watchId, canceled: true });
  }

  requestProgress(): void {
    if (this.#isClosed) return;
    if (this.isFull) {
      this.#owesProgress = true;
      return;
    }
    const revision = this.#host.publishedRevision;
    for (const watcher of this.watchers.values()) if (!watcher.hasReached(revision)) return;
    this.#notify({ header: this.#host.header(revision), watchId: noWatchId });
  }

  onDrained(): void {
    this.#giveBackOverflow();
    if (this.#isClosed || !this.isFull) return;
    this.isFull = false;
    this.#host.onDrained(this);
    if (!this.#owesProgress) return;
    this.#owesProgress = false;
    this.requestProgress();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const watcher of this.watchers.values()) this.#end(watcher);
    if (this.#progressTimer !== null) this.#host.clock.clearTimer(this.#progressTimer);
    this.#giveBackOverflow();
    this.#host.onClosed(this);
  }

  /** Hands one encoded response to the client. */
  send(response: readonly Uint8Array[]): void {
    if (this.#isClosed || this.#sink.send(response) || this.isFull) return;
    const { overflow } = this.#host;
    for (const piece of response) {
      this.#overflowBytes += piece.length;
      overflow.take(piece.length);
    }
    this.isFull = !overflow.allows(this.#overflowBytes);
  }

  #giveBackOverflow(): void {
    this.#host.overflow.giveBack(this.#overflowBytes);
    this.#overflowBytes = 0;
  }

  /** Ends a watcher whose next revision is compacted. As in etcd the header's revision is 0 and there is no reason. */
  cancelCompacted(watcher: Watcher): void {
    this.#end(watcher);
    this.#notify({
      header: this.#host.header(0),
      watchId: watcher.id,
      canceled: true,
      compactRevision: this.#host.history.compactRevision,
    });
  }

  #start(range: KeyRange, request: WatchCreateRequest): void {
    const { history } = this.#host;
    const { revision } = history;
    const id = request.watchId === 0n ? this.#takeFreeId() : request.watchId;
    const nextRevision = request.startRevision === 0 ? revision + 1 : request.startRevision;
    const watcher = new Watcher({ id, stream: this, range, request, nextRevision });
    this.watchers.set(id, watcher);
    this.#notify({ header: this.#host.header(revision), watchId: id, created: true });
    if (nextRevision < history.compactRevision) {
      this.cancelCompacted(watcher);
      return;
    }
    this.#host.admit(watcher);
    if (watcher.progressNotify && this.#progressTimer === null) this.#armProgress();
  }

  #takeFreeId(): bigint {
    while (this.watchers.has(this.#nextWatchId)) this.#nextWatchId++;
    return this.#nextWatchId++;
  }

  #notify(notice: Notice): void {
    this.send([encodeNotice(notice)]);
  }

  #end(watcher: Watcher): void {
    watcher.state = 'ended';
    this.watchers.delete(watcher.id);
    this.waiting.remove(watcher);
    this.#host.drop(watcher);
  }

  #armProgress(): void {
    const { clock, prng, progressIntervalMs } = this.#host;
    const jitterMs = (prng?.float() ?? 0) * progressIntervalMs * 0.1;
    this.#progressTimer = clock.setTimer(progressIntervalMs + jitterMs, () => this.#onProgress());
  }

  /** Tells each watcher that asked for it and had no news where it stands. */
  #onProgress(): void {
    this.#progressTimer = null;
    const revision = this.#host.publishedRevision;
    let isWanted = false;
    for (const watcher of [...this.watchers.values()]) {
      if (!watcher.progressNotify) continue;
      isWanted = true;
      const isDue = !watcher.hasNews && !this.isFull && watcher.hasReached(revision);
      watcher.hasNews = false;
      if (isDue) this.#notify({ header: this.#host.header(revision), watchId: watcher.id });
    }
    if (isWanted && !this.#isClosed) this.#armProgress();
  }
}
