import { defined } from '../base/assert.js';
import { type Clock, sleep } from '../base/clock.js';
import type { Prng } from '../base/prng.js';
import type { CallOptions, Channel } from '../rpc/index.js';
import type { MethodDescriptor, ResponseHeader } from '../wire/index.js';
import { AuthorisedCall } from './authorised-call.js';
import { Backoff } from './backoff.js';
import type { Credentials } from './credentials.js';
import type { EndpointPool } from './endpoints.js';
import { ClientError, clientErrorOf, closedError } from './errors.js';
import { type CallKind, judgeFailure } from './retry.js';

/** Options that every request takes. */
export interface RequestOptions {
  /** Gives up when aborted; the call fails with code `cancelled`. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the call fails with `timeout` (or `unavailable`, when no endpoint answered). Default: the client's. */
  readonly timeoutMs?: number;
}

/** Options of a request that changes something. */
export interface WriteOptions extends RequestOptions {
  /**
   * Applying the request twice is as good as once, so it may be repeated when its outcome is unknown. Default false: then
   * such a failure is thrown with `maybeApplied`.
   */
  readonly isRepeatable?: boolean;
}

/** A response whose header is there. */
export type WithHeader<T> = Omit<T, 'header'> & { readonly header: ResponseHeader };

/** Runs requests: picks endpoints, moves on when one fails, retries where that is safe, keeps the deadline. */
export class Caller {
  readonly clock: Clock;
  readonly prng: Prng;
  readonly pool: EndpointPool;
  /** Who requests are made by; null: nobody in particular. */
  readonly credentials: Credentials | null;
  readonly #timeoutMs: number;
  /** Aborted when the client closes. */
  readonly #closed: AbortSignal;
  /** Is told of the term of every answer. */
  #onTerm: ((term: number) => void) | null = null;

  constructor(options: {
    readonly clock: Clock;
    readonly prng: Prng;
    readonly pool: EndpointPool;
    readonly credentials: Credentials | null;
    readonly timeoutMs: number;
    readonly closed: AbortSignal;
  }) {
    this.clock = options.clock;
    this.prng = options.prng;
    this.pool = options.pool;
    this.credentials = options.credentials;
    this.#timeoutMs = options.timeoutMs;
    this.#closed = options.closed;
  }

  /** Has somebody told of the term of every answer that has a header. */
  watchTerms(onTerm: (term: number) => void): void {
    this.#onTerm = onTerm;
  }

  /** A request that changes nothing. */
  read<ReqInit, ResInit, Req extends ReqInit, Res extends ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: Req,
    options: RequestOptions,
  ): Promise<WithHeader<Res>> {
    return this.#unary(method, request, 'read', options);
  }

  /** A request that changes something. */
  write<ReqInit, ResInit, Req extends ReqInit, Res extends ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: Req,
    options: WriteOptions,
  ): Promise<WithHeader<Res>> {
    return this.#unary(
      method,
      request,
      options.isRepeatable ? 'repeatable-write' : 'write',
      options,
    );
  }

  /** A request to one member, tried once. Its response may have no header. */
  async at<ReqInit, ResInit, Req extends ReqInit, Res extends ResInit>(
    url: string,
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: Req,
    options: RequestOptions & { readonly mayWrite: boolean },
  ): Promise<Res> {
    this.#assertOpen();
    const call = callOptions(options.timeoutMs ?? this.#timeoutMs, options.signal);
    const { channel } = this.pool.at(url);
    const authorised = new AuthorisedCall(this.credentials);
    try {
      return await authorised.run(channel, call, (known) =>
        channel.unary<Req, Res, ReqInit, ResInit>(method, request, known),
      );
    } catch (error) {
      const mayWrite = options.mayWrite && authorised.isSent;
      throw this.#ending(clientErrorOf(error, { mayWrite }), options.signal);
    }
  }

  /**
   * Runs `attempt` on one endpoint after the other until it succeeds, fails for good or the deadline passes. Every
   * untried endpoint is tried at once; there is a pause only between rounds.
   */
  async attempt<T>(
    kind: CallKind,
    options: RequestOptions,
    attempt: (channel: Channel, call: CallOptions & { readonly timeoutMs: number }) => Promise<T>,
  ): Promise<T> {
    this.#assertOpen();
    const { clock, pool } = this;
    const deadline = clock.now() + (options.timeoutMs ?? this.#timeoutMs);
    const backoff = new Backoff(this.prng);
    const tried = new Set<string>();
    let maybeApplied = false;
    for (;;) {
      const endpoint = defined(pool.pick(tried));
      tried.add(endpoint.url);
      const call = callOptions(this.#attemptTimeoutMs(kind, deadline), options.signal);
      const authorised = new AuthorisedCall(this.credentials);
      try {
        const result = await authorised.run(endpoint.channel, call, (known) =>
          attempt(endpoint.channel, known),
        );
        pool.onSuccess(endpoint.url);
        return result;
      } catch (error) {
        // A request that did not get as far as being sent has changed nothing.
        const done = authorised.isSent ? kind : 'read';
        const mayWrite = done !== 'read';
        const verdict = judgeFailure(error, done);
        if (verdict.isEndpointAtFault) pool.onFailure(endpoint.url);
        const pauseMs = tried.size < pool.size ? 0 : backoff.next();
        const failure = clientErrorOf(error, { mayWrite, maybeApplied });
        ({ maybeApplied } = failure);
        const isOutOfTime = clock.now() + pauseMs >= deadline;
        if (!verdict.retry || isOutOfTime) throw this.#ending(failure, options.signal);
        if (pauseMs > 0) {
          tried.clear();
          await this.#pause(pauseMs, options.signal);
        }
        if (this.#isGivenUp(options.signal)) throw this.#ending(failure, options.signal);
      }
    }
  }

  async #unary<ReqInit, ResInit, Req extends ReqInit, Res extends ResInit>(
    method: MethodDescriptor<Req, Res, ReqInit, ResInit>,
    request: Req,
    kind: CallKind,
    options: RequestOptions,
  ): Promise<WithHeader<Res>> {
    const response = await this.attempt(kind, options, (channel, call) =>
      channel.unary<Req, Res, ReqInit, ResInit>(method, request, call),
    );
    const answer = requireHeader(response, method.path);
    this.#onTerm?.(answer.header.raftTerm);
    return answer;
  }

  /** A repeatable request gets half the time on one endpoint, so that a silent one leaves time for another. */
  #attemptTimeoutMs(kind: CallKind, deadline: number): number {
    const leftMs = Math.max(1, deadline - this.clock.now());
    return kind !== 'write' && this.pool.size > 1 ? Math.max(1, leftMs / 2) : leftMs;
  }

  /** Waits, but not beyond the end of the client or of the caller's patience. */
  async #pause(pauseMs: number, callerSignal: AbortSignal | undefined): Promise<void> {
    const wake = new AbortController();
    const onAbort = () => wake.abort();
    const signals = callerSignal === undefined ? [this.#closed] : [this.#closed, callerSignal];
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
    await sleep(this.clock, pauseMs, wake.signal).catch(() => {});
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
  }

  #isGivenUp(callerSignal: AbortSignal | undefined): boolean {
    return this.#closed.aborted || callerSignal?.aborted === true;
  }

  #assertOpen(): void {
    if (this.#closed.aborted) throw closedError();
  }

  /** Who ended the call matters more than how it ended then. */
  #ending(failure: ClientError, callerSignal: AbortSignal | undefined): ClientError {
    const { maybeApplied } = failure;
    if (callerSignal?.aborted) {
      const cause = callerSignal.reason;
      return new ClientError('cancelled', 'the caller gave up', { cause, maybeApplied });
    }
    return this.#closed.aborted ? closedError({ maybeApplied }) : failure;
  }
}

function callOptions(timeoutMs: number, signal: AbortSignal | undefined) {
  return signal === undefined ? { timeoutMs } : { timeoutMs, signal };
}

/** Checks that a server's response has its header. */
export function requireHeader<T>(response: T, what: string): WithHeader<T> {
  const { header } = response as { header?: ResponseHeader | undefined };
  if (header === undefined) {
    throw new ClientError('protocol', `the response to ${what} has no header`);
  }
  return response as WithHeader<T>;
}
