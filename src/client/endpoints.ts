import { assert } from '../base/assert.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/logger.js';
import type { Prng } from '../base/prng.js';
import type { Channel } from '../rpc/index.js';

/** How long an endpoint is avoided after its first failure in a row; doubles with each further one. */
const avoidMsInitial = 500;
const avoidMsMax = 10_000;

/** One server address and the connection to it. */
export interface Endpoint {
  readonly url: string;
  readonly channel: Channel;
}

interface EndpointState extends Endpoint {
  /** Failures in a row. */
  failures: number;
  /** Used again before this time only when every endpoint is avoided. On the client's clock, in milliseconds. */
  avoidUntil: number;
}

/**
 * The endpoints of a client, their health judged by use: calls stay on one endpoint until it fails, then move on at
 * once. Nothing is probed in the background.
 */
export class EndpointPool {
  readonly #states: readonly EndpointState[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Where calls go while it does well. Invariant: a valid index. */
  #current: number;
  #isClosed = false;

  constructor(options: {
    readonly urls: readonly string[];
    readonly clock: Clock;
    readonly prng: Prng;
    readonly logger: Logger;
    readonly openChannel: (url: string) => Channel;
  }) {
    assert(options.urls.length > 0, 'a pool needs an endpoint');
    this.#states = options.urls.map((url) => {
      return { url, channel: options.openChannel(url), failures: 0, avoidUntil: 0 };
    });
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#current = options.prng.int(0, this.#states.length);
  }

  get size(): number {
    return this.#states.length;
  }

  /**
   * The endpoint for the next attempt: the current one unless it is avoided or among `tried`, else the next that is
   * neither, else the untried one whose avoidance ends first. Undefined when all were tried.
   */
  pick(tried: ReadonlySet<string> = new Set()): Endpoint | undefined {
    assert(!this.#isClosed, 'pick from a closed pool');
    const now = this.#clock.now();
    let fallback: number | undefined;
    for (let step = 0; step < this.#states.length; step++) {
      const index = (this.#current + step) % this.#states.length;
      const state = this.#state(index);
      if (tried.has(state.url)) continue;
      if (state.avoidUntil <= now) return this.#use(index);
      if (fallback === undefined || state.avoidUntil < this.#state(fallback).avoidUntil) {
        fallback = index;
      }
    }
    return fallback === undefined ? undefined : this.#use(fallback);
  }

  /** Has calls go to this endpoint from now on, unless it is avoided. */
  prefer(url: string): void {
    const state = this.#find(url);
    if (state.avoidUntil <= this.#clock.now()) this.#current = this.#states.indexOf(state);
  }

  /** Records that an endpoint answered. */
  onSuccess(url: string): void {
    const state = this.#find(url);
    if (state.failures > 0) this.#logger.info('endpoint answers again', { url });
    state.failures = 0;
    state.avoidUntil = 0;
  }

  /** Records that an endpoint did not answer, or answered that it cannot serve: it is avoided for a while. */
  onFailure(url: string): void {
    const state = this.#find(url);
    state.failures++;
    const avoidMs = Math.min(avoidMsMax, avoidMsInitial * 2 ** (state.failures - 1));
    state.avoidUntil = this.#clock.now() + avoidMs;
    const { failures } = state;
    this.#logger.warn('endpoint failed, trying others first', { url, failures, avoidMs });
  }

  /** The connection to one endpoint, for requests that are about a member rather than the cluster. */
  at(url: string): Endpoint {
    return this.#find(url);
  }

  /** Closes every connection; calls under way fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#states.map((state) => state.channel.close()));
  }

  #use(index: number): Endpoint {
    this.#current = index;
    return this.#state(index);
  }

  #state(index: number): EndpointState {
    const state = this.#states[index];
    assert(state !== undefined);
    return state;
  }

  #find(url: string): EndpointState {
    const state = this.#states.find((candidate) => candidate.url === url);
    assert(state !== undefined, `endpoint ${url} is not one of the client's`);
    return state;
  }
}
