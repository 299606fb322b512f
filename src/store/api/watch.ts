import { implementService } from '../../rpc/implement.js';
import {
  type ServerStream,
  type ServiceImplementation,
  Status,
  type StatusCode,
} from '../../rpc/service.js';
import { Watch, type WatchRequest } from '../../wire/gen/etcdserverpb.js';
import type { WatchSink, WatchStream } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';

/**
 * Answers to requests that are queued while the stream is full. Beyond that further requests wait unread. Enough for a client
 * that reads slowly to cancel what it has too much of.
 */
const unreadAnswersMax = 1024;

/** etcdserverpb.Watch: one watch stream of the hub per call. */
export function watchService(context: ApiContext): ServiceImplementation {
  return implementService(Watch, {
    Watch: (stream) => new WatchCall(context, stream).run(),
  });
}

/** A Watch call: brings requests to the hub's stream, and what that says to the client. */
class WatchCall implements WatchSink {
  readonly #context: ApiContext;
  readonly #stream: ServerStream<WatchRequest, unknown>;
  readonly #watch: WatchStream;
  #isOpen = true;
  /** Responses sent since the stream became full; 0 while it is not. */
  #unreadCount = 0;
  /** Those of them that answer requests. */
  #unreadAnswerCount = 0;

  constructor(context: ApiContext, stream: ServerStream<WatchRequest, unknown>) {
    this.#context = context;
    this.#stream = stream;
    this.#watch = context.watch.openStream(this);
  }

  /** Ends as the call does. */
  async run(): Promise<never> {
    try {
      for await (const request of this.#stream.requests) {
        const refusal = this.#context.auth.isEnabled ? await this.#refusalOf(request) : null;
        this.#answer(request, refusal);
        if (this.#unreadAnswerCount >= unreadAnswersMax) await drainedOrAborted(this.#stream);
      }
      // The caller may half-close and keep listening, as etcd allows.
      return await aborted(this.#stream.signal);
    } finally {
      this.#isOpen = false;
      this.#watch.close();
    }
  }

  send(response: readonly Uint8Array[]): boolean {
    const hasRoom = this.#stream.sendEncoded(response);
    if (hasRoom) return true;
    if (this.#unreadCount++ === 0) void this.#awaitRoom();
    return false;
  }

  async #awaitRoom(): Promise<void> {
    await this.#stream.drained();
    this.#unreadCount = 0;
    this.#unreadAnswerCount = 0;
    if (this.#isOpen) this.#watch.onDrained();
  }

  /** The hub answers before it returns, if at all; events come later. */
  #answer(request: WatchRequest, refusal: string | null): void {
    const before = this.#unreadCount;
    if (refusal === null) dispatch(this.#watch, request);
    else this.#watch.refuse(refusal);
    this.#unreadAnswerCount += this.#unreadCount - before;
  }

  /** Why the caller may not watch what it asks for; null when it may. What it watches already goes on, whatever becomes of it. */
  async #refusalOf({ createRequest }: WatchRequest): Promise<string | null> {
    if (createRequest === undefined || createRequest.startRevision < 0) return null;
    const { auth } = this.#context;
    const { rangeEnd } = createRequest;
    const key = createRequest.key.length === 0 ? Uint8Array.of(0) : createRequest.key;
    try {
      const user = await auth.identify(this.#stream);
      if (auth.isEnabled) auth.access.read(user, { key, rangeEnd });
      return null;
    } catch (error) {
      if (error instanceof StoreError) return refusalText(error);
      throw error;
    }
  }
}

/** etcd's clients look for these very words, to get another token and ask again. */
const codeNames: ReadonlyMap<StatusCode, string> = new Map([
  [Status.invalidArgument, 'InvalidArgument'],
  [Status.permissionDenied, 'PermissionDenied'],
  [Status.unauthenticated, 'Unauthenticated'],
  [Status.unavailable, 'Unavailable'],
]);

/** An error as Go prints one of gRPC's. */
function refusalText({ status, message }: StoreError): string {
  return `rpc error: code = ${codeNames.get(status) ?? 'Unknown'} desc = ${message}`;
}

/** A request of no kind, from a newer client perhaps, does not end the stream. */
function dispatch(watch: WatchStream, request: WatchRequest): void {
  if (request.createRequest !== undefined) watch.create(request.createRequest);
  else if (request.cancelRequest !== undefined) watch.cancel(request.cancelRequest.watchId);
  else if (request.progressRequest !== undefined) watch.requestProgress();
}

/** The signal may be aborted before the transport knows that the call is over. */
function drainedOrAborted(stream: ServerStream<WatchRequest, unknown>): Promise<void> {
  return new Promise((resolve) => {
    const { signal } = stream;
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', done);
    void stream.drained().then(done);
  });
}

/** Rejects with the signal's reason once it is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
