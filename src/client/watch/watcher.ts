import { assert } from '../../base/assert.js';
import {
  type Event,
  FilterType,
  ResponseHeader,
  WatchCreateRequest,
  type WatchResponse,
} from '../../wire/index.js';
import { type KeyTarget, keyRange } from '../bytes.js';
import { type Deferred, defer } from '../deferred.js';
import { ClientError, type ClientErrorCode } from '../errors.js';
import type { WatchBatch, WatchOptions } from './types.js';

const eventsBufferedMaxDefault = 10_000;

/** What a watcher asks of the stream that it shares. */
export interface WatcherHost {
  /** The watcher is over: forget it, here and at the server. */
  onClosed(watcher: Watcher): void;
  /** The watcher's buffer is full: stop it at the server, it resumes later. */
  onParked(watcher: Watcher): void;
  /** The parked watcher has room again. */
  onResumed(watcher: Watcher): void;
}

/**
 * One watch: an endless series of batches, to be read by one reader. It survives reconnects and leader changes without
 * loss or duplicates. Reading ends when the watch is closed or its signal aborted, and throws {@link ClientError} when
 * it cannot go on (`compacted` with its revision, `permission-denied`, `closed`...).
 */
export class Watcher implements AsyncIterable<WatchBatch> {
  readonly #target: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array };
  readonly #options: WatchOptions;
  readonly #eventsMax: number;
  readonly #host: WatcherHost;

  /** Where the server is to (re)start; 0 until "now" has become a revision. */
  #nextRevision: number;
  /** The last revision whose events are in the buffer or beyond. Invariant: deliveredRevision < nextRevision or it is 0. */
  #deliveredRevision: number;
  /** Events of the revision whose last fragment is still to come. */
  #partial: Event[] = [];
  #isParked = false;

  readonly #batches: WatchBatch[] = [];
  /** Events in #batches. */
  #eventsBuffered = 0;
  #end: { readonly error: ClientError | null } | null = null;
  /** Wakes the reader; null while none waits. */
  #wake: (() => void) | null = null;

  readonly #started: Deferred<number> = defer();

  constructor(target: KeyTarget, options: WatchOptions, host: WatcherHost) {
    this.#target = keyRange(target);
    this.#options = options;
    this.#eventsMax = options.eventsBufferedMax ?? eventsBufferedMaxDefault;
    this.#host = host;
    this.#nextRevision = options.startRevision ?? 0;
    this.#deliveredRevision = Math.max(0, this.#nextRevision - 1);
    this.#started.promise.catch(() => {});
  }

  /** The first revision that the watch covers; resolves when the server has registered it, rejects if it never does. */
  get started(): Promise<number> {
    return this.#started.promise;
  }

  /** Ends the watch; what is buffered is dropped. */
  close(): void {
    this.#finish(null);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchBatch, void, undefined> {
    try {
      for (;;) {
        const batch = this.#take();
        if (batch !== undefined) yield batch;
        else if (this.#end === null) await new Promise<void>((wake) => this.#setWake(wake));
        else if (this.#end.error !== null) throw this.#end.error;
        else return;
      }
    } finally {
      this.close();
    }
  }

  /** The request that (re)creates the watch on a stream. For the stream only, as everything below. */
  createRequest(watchId: bigint): WatchCreateRequest {
    this.#partial = [];
    const without = this.#options.without ?? [];
    return WatchCreateRequest.create({
      ...this.#target,
      startRevision: this.#nextRevision,
      prevKv: this.#options.prevKv,
      progressNotify: this.#options.progressNotify,
      fragment: this.#options.fragment,
      filters: without.map((kind) => (kind === 'put' ? FilterType.NOPUT : FilterType.NODELETE)),
      watchId,
    });
  }

  get isParked(): boolean {
    return this.#isParked;
  }

  /** The server has registered the watch. */
  onCreated(response: WatchResponse): void {
    if (this.#nextRevision === 0) {
      this.#nextRevision = (response.header?.revision ?? 0) + 1;
      this.#deliveredRevision = this.#nextRevision - 1;
    }
    this.#started.resolve(this.#nextRevision);
  }

  /** The server has ended the watch. */
  onCanceled(response: WatchResponse): void {
    this.#finish(cancelError(response));
  }

  /** Events, or progress when there are none. Revisions are kept together: a fragment's last one waits for the rest. */
  onResponse(response: WatchResponse): void {
    const { events, fragment } = response;
    const header = response.header ?? ResponseHeader.create();
    if (events.length === 0 && this.#partial.length === 0) {
      if (!fragment) this.onProgress(header);
      return;
    }
    for (const event of events) {
      if (revisionOf(event) > this.#deliveredRevision) this.#partial.push(event);
    }
    const last = this.#partial.at(-1);
    if (last === undefined) return;
    const openRevision = fragment ? revisionOf(last) : Number.POSITIVE_INFINITY;
    const firstOpen = this.#partial.findIndex((event) => revisionOf(event) >= openRevision);
    const complete = firstOpen < 0 ? this.#partial : this.#partial.slice(0, firstOpen);
    this.#partial = firstOpen < 0 ? [] : this.#partial.slice(firstOpen);
    this.#deliver(complete, header);
  }

  /**
   * All events up to the header's revision have been sent. It moves the resume point (so that an idle watch outlives compactions)
   * but does not mark events as delivered: etcd before 3.4.25 answers too early for watches that are catching up.
   */
  onProgress(header: ResponseHeader): void {
    const { revision } = header;
    if (this.#end !== null || this.#partial.length > 0) return;
    if (this.#nextRevision === 0 || revision < this.#nextRevision - 1) return;
    this.#nextRevision = revision + 1;
    const last = this.#batches.at(-1);
    if (last?.events.length === 0) this.#batches.pop();
    this.#push({ revision, header, events: [] });
  }

  /** Ends the watch with an error. */
  fail(error: ClientError): void {
    this.#finish(error);
  }

  #deliver(events: readonly Event[], header: ResponseHeader): void {
    const last = events.at(-1);
    if (last === undefined || this.#end !== null) return;
    const revision = revisionOf(last);
    this.#deliveredRevision = revision;
    this.#nextRevision = Math.max(this.#nextRevision, revision + 1);
    this.#eventsBuffered += events.length;
    this.#push({ revision, header, events });
    if (this.#eventsBuffered <= this.#eventsMax || this.#isParked) return;
    this.#isParked = true;
    this.#partial = [];
    this.#host.onParked(this);
  }

  #push(batch: WatchBatch): void {
    this.#batches.push(batch);
    this.#wake?.();
    this.#wake = null;
  }

  #take(): WatchBatch | undefined {
    const batch = this.#batches.shift();
    if (batch === undefined) return undefined;
    this.#eventsBuffered -= batch.events.length;
    if (this.#isParked && this.#eventsBuffered <= this.#eventsMax / 2) {
      this.#isParked = false;
      this.#host.onResumed(this);
    }
    return batch;
  }

  #setWake(wake: () => void): void {
    assert(this.#wake === null, 'a watch has one reader');
    this.#wake = wake;
  }

  #finish(error: ClientError | null): void {
    if (this.#end !== null) return;
    this.#end = { error };
    if (error === null) this.#batches.length = 0;
    this.#started.reject(error ?? new ClientError('cancelled', 'the watch was closed'));
    this.#wake?.();
    this.#wake = null;
    this.#host.onClosed(this);
  }
}

function revisionOf(event: Event): number {
  return event.kv?.modRevision ?? 0;
}

function cancelError(response: WatchResponse): ClientError {
  const { compactRevision, cancelReason } = response;
  if (compactRevision > 0) {
    const text = `the watch's start is compacted; the oldest revision kept is ${compactRevision}`;
    return new ClientError('compacted', text, { compactRevision });
  }
  const code = cancelCodes.get(cancelReason) ?? 'watch-cancelled';
  return new ClientError(code, `the server ended the watch: ${cancelReason || 'no reason given'}`);
}

/** Reasons that etcd gives when it ends a watch. */
const cancelCodes: ReadonlyMap<string, ClientErrorCode> = new Map([
  ['mvcc: watcher range is empty', 'invalid-argument'],
  ['etcdserver: mvcc: required revision has been compacted', 'compacted'],
  ['etcdserver: permission denied', 'permission-denied'],
  ['rpc error: code = PermissionDenied desc = etcdserver: permission denied', 'permission-denied'],
]);
