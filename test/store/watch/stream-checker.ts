import { concatBytes } from '../../../src/base/bytes.js';
import type { ChangeEvent, WatchSink } from '../../../src/store/contracts.js';
import { isInRange, type KeyRange, parseKeyRange } from '../../../src/store/watch/key-range.js';
import {
  Event,
  FilterType,
  type WatchCreateRequest,
  WatchResponse,
} from '../../../src/wire/index.js';
import type { FakeHistory } from './fake-history.js';

/** What a watcher must see, found the dumb way. */
interface Expectation {
  readonly range: KeyRange;
  readonly request: WatchCreateRequest;
  /** The store's revision when it was created. */
  readonly createdAt: number;
  /** Everything wanted before this revision has come. */
  next: number;
  /** Pieces of a revision whose last piece has not come. */
  pieces: Event[];
}

/** One client: takes responses as slowly as the test wants, and knows what each of its watchers must be told. */
export class StreamChecker implements WatchSink {
  /** Watchers that were created and not cancelled. */
  readonly watchers = new Map<bigint, Expectation>();
  /** Sent and not read yet. */
  readonly unread: Uint8Array[] = [];
  /** Responses of any kind that were read. */
  responses = 0;
  events = 0;
  progress = 0;
  compacted = 0;
  fragments = 0;
  /** Events that were sent although the client was full, other than the rest of a revision. */
  #overruns = 0;
  #isInRevision = false;
  readonly #history: FakeHistory;
  readonly #capacity: number;
  readonly #fragmentBytesMax: number;
  readonly #requests: WatchCreateRequest[] = [];

  constructor(options: { history: FakeHistory; capacity: number; fragmentBytesMax: number }) {
    this.#history = options.history;
    this.#capacity = options.capacity;
    this.#fragmentBytesMax = options.fragmentBytesMax;
  }

  get isFull(): boolean {
    return this.unread.length >= this.#capacity;
  }

  send(pieces: readonly Uint8Array[]): boolean {
    const response = concatBytes(pieces);
    const { events, fragment } = WatchResponse.decode(response);
    const mustWait = this.isFull && events.length > 0 && !this.#isInRevision;
    this.#overruns += mustWait ? 1 : 0;
    this.#isInRevision = fragment;
    this.unread.push(response);
    return !this.isFull;
  }

  /** To be called before the request is handed to the stream. */
  expectCreate(request: WatchCreateRequest): void {
    this.#requests.push(request);
  }

  /** Reads everything that was sent, checking each response. */
  read(): void {
    ensure(this.#overruns === 0, 'events for a client that was full');
    for (const bytes of this.unread.splice(0))
      this.#check(WatchResponse.decode(bytes), bytes.length);
  }

  /** Throws unless every watcher has everything up to the current revision. */
  checkComplete(): void {
    for (const [id, watcher] of this.watchers) {
      const missing = this.#wanted(watcher, this.#history.revision);
      ensure(missing.length === 0, `watcher ${id} lacks ${missing.length} events`);
      ensure(watcher.pieces.length === 0, `watcher ${id} lacks the last piece of a revision`);
    }
  }

  #check(response: WatchResponse, size: number): void {
    this.responses++;
    if (response.created) this.#onCreated(response);
    else if (response.watchId === -1n) this.#onProgress(response);
    else if (response.compactRevision !== 0) this.#onCompacted(response);
    else if (response.canceled) this.#end(response.watchId);
    else if (response.events.length > 0) this.#onEvents(response, size);
    else throw new Error(`an empty response to watcher ${response.watchId}`);
  }

  #onCreated(response: WatchResponse): void {
    const request = this.#requests.shift();
    ensure(request !== undefined, 'created without a request');
    if (response.canceled) {
      ensure(response.watchId === -1n, 'refused with a watch id');
      return;
    }
    ensure(!this.watchers.has(response.watchId), `watch id ${response.watchId} given twice`);
    const range = parseKeyRange(request);
    ensure(range !== undefined, 'an empty range was accepted');
    const next = request.startRevision === 0 ? revisionOf(response) + 1 : request.startRevision;
    const createdAt = revisionOf(response);
    this.watchers.set(response.watchId, { range, request, createdAt, next, pieces: [] });
  }

  #onProgress(response: WatchResponse): void {
    this.progress++;
    const revision = revisionOf(response);
    for (const [id, watcher] of this.watchers) {
      ensure(revision >= watcher.request.startRevision, `progress before the start of ${id}`);
      const isBack = watcher.request.startRevision === 0 && revision < watcher.createdAt;
      ensure(!isBack, `progress of ${id} goes back before its creation`);
      ensure(this.#wanted(watcher, revision).length === 0, `progress ahead of events of ${id}`);
      ensure(watcher.pieces.length === 0, `progress within a revision of ${id}`);
      watcher.next = Math.max(watcher.next, revision + 1);
    }
  }

  #onCompacted(response: WatchResponse): void {
    this.compacted++;
    const watcher = this.#get(response.watchId);
    ensure(response.canceled, 'compacted but not cancelled');
    ensure(revisionOf(response) === 0, 'compacted with a revision in the header');
    ensure(watcher.next < response.compactRevision, 'cancelled although nothing was missed');
    this.#end(response.watchId);
  }

  #onEvents(response: WatchResponse, size: number): void {
    const watcher = this.#get(response.watchId);
    watcher.pieces.push(...response.events);
    if (response.fragment) {
      ensure(watcher.request.fragment, 'a fragment for one that takes none');
      const isSmall = size < this.#fragmentBytesMax || response.events.length === 1;
      ensure(isSmall, `a fragment of ${size} bytes`);
      this.fragments++;
      return;
    }
    const revision = revisionOf(response);
    const wanted = this.#wanted(watcher, revision);
    const same = wanted.length === watcher.pieces.length;
    ensure(same, `${watcher.pieces.length} events up to ${revision}, not ${wanted.length}`);
    watcher.pieces.forEach((event, i) => {
      this.#checkEvent(event, wanted[i] as ChangeEvent, watcher.request.prevKv);
    });
    this.events += wanted.length;
    watcher.next = revision + 1;
    watcher.pieces = [];
  }

  #checkEvent(event: Event, change: ChangeEvent, prevKv: boolean): void {
    const { previous, kv } = change;
    const kinds = { put: 0, delete: 1 };
    const withPrevious = prevKv && event.prevKv !== undefined;
    const expected = Event.decode(encodeEvent(kinds[change.kind], kv));
    ensure(same({ ...event, prevKv: undefined }, expected), 'another event');
    if (!withPrevious) {
      ensure(event.prevKv === undefined, 'prev_kv for one that did not ask');
      const isGone = previous === null || previous.main <= this.#history.compactRevision;
      ensure(!prevKv || isGone, 'prev_kv is missing');
      return;
    }
    ensure(previous !== null, 'prev_kv of a new key');
    const before = this.#history.all.find(({ revision }) => revision === previous.main);
    const expectedPrevious = Event.decode(
      encodeEvent(0, before?.events[previous.sub]?.kv ?? kv),
    ).kv;
    ensure(same(event.prevKv, expectedPrevious), 'another prev_kv');
  }

  /** Events that the watcher wants from its next revision up to `through`. */
  #wanted(watcher: Expectation, through: number): ChangeEvent[] {
    const { filters } = watcher.request;
    return this.#history.all
      .filter(({ revision }) => revision >= watcher.next && revision <= through)
      .flatMap(({ events }) => events)
      .filter(({ key }) => isInRange(watcher.range, key))
      .filter(
        ({ kind }) => !filters.includes(kind === 'put' ? FilterType.NOPUT : FilterType.NODELETE),
      );
  }

  #get(watchId: bigint): Expectation {
    const watcher = this.watchers.get(watchId);
    ensure(watcher !== undefined, `a response to ${watchId}, which is not there`);
    return watcher;
  }

  #end(watchId: bigint): void {
    this.#get(watchId);
    this.watchers.delete(watchId);
  }
}

function revisionOf(response: WatchResponse): number {
  ensure(response.header !== undefined, 'no header');
  return response.header.revision;
}

function encodeEvent(type: number, kv: Uint8Array): Uint8Array {
  const head = type === 0 ? [] : [8, type];
  ensure(kv.length < 128, 'the test keeps its events small');
  return Uint8Array.from([...head, 18, kv.length, ...kv]);
}

function same(a: unknown, b: unknown): boolean {
  const text = (value: unknown) =>
    JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part));
  return text(a) === text(b);
}

function ensure(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
