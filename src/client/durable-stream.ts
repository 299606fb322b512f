import { defined } from '../base/assert.js';
import { sleep } from '../base/clock.js';
import type { CallOptions, ClientStream } from '../rpc/index.js';
import type { MethodDescriptor } from '../wire/index.js';
import { Backoff } from './backoff.js';
import type { Caller } from './caller.js';
import { isTokenRefusal } from './credentials.js';
import type { Endpoint } from './endpoints.js';
import { judgeFailure } from './retry.js';

/** A stream that lived this long was fine: when it ends, the search for an endpoint starts afresh. */
const stableMs = 1000;

/** How long logging in may take before a stream is opened. */
const logInMsMax = 5000;

interface OpenStream<Req, Res> {
  readonly url: string;
  readonly stream: ClientStream<Req, Res>;
  /** What shows who the client is. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The owner of a {@link DurableStream}: it knows what to say again on a new stream. */
export interface StreamOwner<Res> {
  /** Whether a stream is needed now. When not, the stream is closed and no new one is opened. */
  isNeeded(): boolean;
  /** A stream is open (though not necessarily connected yet): say everything that the server must know. */
  onOpen(): void;
  onResponse(response: Res): void;
  /** The stream ended, with an error or (null) without; a new one follows while it is needed. */
  onDown(error: unknown): void;
}

/**
 * One bidirectional stream that is opened when it is needed, and opened again, on another endpoint if need be, whenever
 * it ends. Other endpoints are tried at once; there is a jittered pause only after all have failed.
 */
export class DurableStream<Req, Res> {
  readonly #caller: Caller;
  readonly #method: MethodDescriptor<Req, Res>;
  readonly #options: Omit<CallOptions, 'signal' | 'timeoutMs'>;
  readonly #owner: StreamOwner<Res>;
  readonly #closed: AbortSignal;
  /** The stream now open and its endpoint, or null between streams. */
  #open: OpenStream<Req, Res> | null = null;
  /** Set while the loop that keeps the stream open runs. */
  #running: Promise<void> | null = null;

  constructor(options: {
    readonly caller: Caller;
    readonly method: MethodDescriptor<Req, Res>;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly owner: StreamOwner<Res>;
    readonly closed: AbortSignal;
  }) {
    this.#caller = options.caller;
    this.#method = options.method;
    this.#options = options.metadata === undefined ? {} : { metadata: options.metadata };
    this.#owner = options.owner;
    this.#closed = options.closed;
  }

  /** Opens the stream unless it is open or being opened. Call whenever {@link StreamOwner.isNeeded} became true. */
  open(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // Needed again between the loop's last look and now.
      if (this.#isWanted()) this.open();
    });
  }

  /** Sends on the open stream; false when there is none (the owner says it again in `onOpen`). */
  send(request: Req): boolean {
    if (this.#open === null) return false;
    this.#open.stream.send(request);
    return true;
  }

  /**
   * Ends the open stream; a new one follows when it is needed. With `isEndpointAtFault` (the server has gone silent) the
   * endpoint is avoided for a while.
   */
  drop({ isEndpointAtFault }: { readonly isEndpointAtFault: boolean }): void {
    if (this.#open === null) return;
    if (isEndpointAtFault) this.#caller.pool.onFailure(this.#open.url);
    this.#open.stream.cancel();
  }

  /**
   * Ends the open stream when a refusal says that its token is good no more; a new one follows, with another token. False: it says
   * something else.
   */
  renewToken(refusal: string): boolean {
    const { credentials } = this.#caller;
    if (credentials === null || this.#open === null || !isTokenRefusal(refusal)) return false;
    credentials.drop(this.#open.metadata);
    this.drop({ isEndpointAtFault: false });
    return true;
  }

  /** Resolves when the loop that keeps the stream open has ended. */
  async drained(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, pool, prng } = this.#caller;
    const backoff = new Backoff(prng);
    const tried = new Set<string>();
    while (this.#isWanted()) {
      const endpoint = defined(pool.pick(tried));
      tried.add(endpoint.url);
      const openedAt = clock.now();
      await this.#runOn(endpoint);
      if (clock.now() - openedAt >= stableMs) {
        tried.clear();
        backoff.reset();
      }
      if (tried.size < pool.size || !this.#isWanted()) continue;
      tried.clear();
      await sleep(clock, backoff.next(), this.#closed).catch(() => {});
    }
  }

  /** Runs one stream to its end. */
  async #runOn({ url, channel }: Endpoint): Promise<void> {
    const { credentials, pool } = this.#caller;
    let metadata: Readonly<Record<string, string>> = {};
    if (credentials !== null) {
      try {
        metadata = await credentials.metadata(channel, { timeoutMs: logInMsMax });
      } catch (error) {
        if (judgeFailure(error, 'read').isEndpointAtFault) pool.onFailure(url);
        this.#owner.onDown(error);
        return;
      }
      if (!this.#isWanted()) return;
    }
    const stream = channel.stream(this.#method, {
      metadata: { ...this.#options.metadata, ...metadata },
      signal: this.#closed,
    });
    this.#open = { url, stream, metadata };
    this.#owner.onOpen();
    let failure: unknown = null;
    let hasAnswered = false;
    const responses = stream.responses[Symbol.asyncIterator]();
    while (this.#isWanted()) {
      const next = await responses.next().catch((error: unknown) => {
        failure = error;
      });
      if (next === undefined || next.done) break;
      if (!hasAnswered) pool.onSuccess(url);
      hasAnswered = true;
      this.#owner.onResponse(next.value);
    }
    this.#open = null;
    stream.cancel();
    if (judgeFailure(failure, 'read').isEndpointAtFault) pool.onFailure(url);
    const isForToken = credentials !== null && isTokenRefusal(failure);
    if (isForToken) credentials.drop(metadata);
    this.#owner.onDown(isForToken ? null : failure);
  }

  #isWanted(): boolean {
    return !this.#closed.aborted && this.#owner.isNeeded();
  }
}
