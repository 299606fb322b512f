import { Watch, WatchRequest, type WatchResponse } from '../../wire/index.js';
import type { KeyTarget } from '../bytes.js';
import type { Caller } from '../caller.js';
import { DurableStream, type StreamOwner } from '../durable-stream.js';
import { clientErrorOf, closedError } from '../errors.js';
import type { WatchOptions } from './types.js';
import { Watcher, type WatcherHost } from './watcher.js';

/** The watch id of answers that concern every watch of the stream, and of refusals to create one. */
const wholeStream = -1n;

/** All watches of a client, on one stream. When it ends they go on, each from its next revision, on a new one. */
export class WatchStream implements WatcherHost, StreamOwner<WatchResponse> {
  readonly #stream: DurableStream<WatchRequest, WatchResponse>;
  /** Aborted when the client closes. */
  readonly #closed: AbortSignal;
  /** Every live watch, parked or not. */
  readonly #watchers = new Set<Watcher>();
  /** Undoes the signal subscription of a watch. */
  readonly #onClose = new Map<Watcher, () => void>();
  /** What the server calls the watches on the current stream. Ids are never used again: late answers find nobody. */
  readonly #idOf = new Map<Watcher, bigint>();
  readonly #byId = new Map<bigint, Watcher>();
  /** Ids whose creation is unanswered, in the order of asking, which is the order of answers. */
  readonly #unanswered: bigint[] = [];
  #lastId = 0n;

  constructor(caller: Caller, closed: AbortSignal) {
    this.#closed = closed;
    this.#stream = new DurableStream<WatchRequest, WatchResponse>({
      caller,
      method: Watch.methods.Watch,
      // A member cut off from the cluster ends the stream instead of going quiet.
      metadata: { hasleader: 'true' },
      owner: this,
      closed,
    });
    closed.addEventListener('abort', () => this.#failAll(), { once: true });
  }

  /** Starts a watch. */
  watch(target: KeyTarget, options: WatchOptions & { readonly signal?: AbortSignal }): Watcher {
    const watcher = new Watcher(target, options, this);
    const { signal } = options;
    if (this.#closed.aborted) watcher.fail(closedError());
    if (signal?.aborted || this.#closed.aborted) {
      watcher.close();
      return watcher;
    }
    if (signal !== undefined) {
      const onAbort = () => watcher.close();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#onClose.set(watcher, () => signal.removeEventListener('abort', onAbort));
    }
    this.#watchers.add(watcher);
    this.#create(watcher);
    this.#stream.open();
    return watcher;
  }

  /** Asks how far the watches have come; the answer is a batch without events on each. Nothing without a stream. */
  requestProgress(): void {
    this.#stream.send(WatchRequest.create({ progressRequest: {} }));
  }

  isNeeded(): boolean {
    for (const watcher of this.#watchers) if (!watcher.isParked) return true;
    return false;
  }

  onOpen(): void {
    this.#forgetIds();
    for (const watcher of this.#watchers) if (!watcher.isParked) this.#create(watcher);
  }

  onDown(error: unknown): void {
    this.#forgetIds();
    const failure = error === null ? null : clientErrorOf(error, { mayWrite: false });
    // Only what no other endpoint and no later attempt can mend is told to the watches.
    if (failure !== null && finalCodes.has(failure.code)) {
      for (const watcher of [...this.#watchers]) watcher.fail(failure);
    }
  }

  onResponse(response: WatchResponse): void {
    if (response.created) this.#onCreated(response);
    else if (response.watchId === wholeStream) this.#onProgress(response);
    else if (response.canceled) this.#byId.get(response.watchId)?.onCanceled(response);
    else this.#byId.get(response.watchId)?.onResponse(response);
  }

  onClosed(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.#onClose.get(watcher)?.();
    this.#onClose.delete(watcher);
    this.#cancel(watcher);
  }

  onParked(watcher: Watcher): void {
    this.#cancel(watcher);
  }

  onResumed(watcher: Watcher): void {
    if (!this.#watchers.has(watcher)) return;
    this.#create(watcher);
    this.#stream.open();
  }

  #onCreated(response: WatchResponse): void {
    const asked = this.#unanswered.shift();
    const id = response.watchId === wholeStream ? asked : response.watchId;
    const watcher = id === undefined ? undefined : this.#byId.get(id);
    if (watcher === undefined) return;
    // With another token, on another stream, the same is asked for again.
    if (response.canceled && this.#stream.renewToken(response.cancelReason)) return;
    if (response.canceled) watcher.onCanceled(response);
    else watcher.onCreated(response);
  }

  #onProgress(response: WatchResponse): void {
    const { header } = response;
    if (header === undefined) return;
    const unanswered = new Set(this.#unanswered);
    for (const [id, watcher] of this.#byId) {
      if (!unanswered.has(id)) watcher.onProgress(header);
    }
  }

  /** Creates the watch on the open stream; without one, onOpen does it. */
  #create(watcher: Watcher): void {
    const id = this.#lastId + 1n;
    const createRequest = watcher.createRequest(id);
    if (!this.#stream.send(WatchRequest.create({ createRequest }))) return;
    this.#lastId = id;
    this.#idOf.set(watcher, id);
    this.#byId.set(id, watcher);
    this.#unanswered.push(id);
  }

  #cancel(watcher: Watcher): void {
    const watchId = this.#idOf.get(watcher);
    if (watchId !== undefined) {
      this.#idOf.delete(watcher);
      this.#byId.delete(watchId);
      this.#stream.send(WatchRequest.create({ cancelRequest: { watchId } }));
    }
    if (!this.isNeeded()) this.#stream.drop({ isEndpointAtFault: false });
  }

  #forgetIds(): void {
    this.#idOf.clear();
    this.#byId.clear();
    this.#unanswered.length = 0;
  }

  #failAll(): void {
    for (const watcher of [...this.#watchers]) watcher.fail(closedError());
  }
}

/** Errors of the stream that concern what was asked, not who was asked. */
const finalCodes: ReadonlySet<string> = new Set([
  'permission-denied',
  'unauthenticated',
  'unimplemented',
  'invalid-argument',
]);
