import type { Clock } from '../base/clock.js';
import type { StatusResponse } from '../wire/index.js';
import type { EndpointPool } from './endpoints.js';

/** Between searches that found nobody. */
const retryMs = 5000;

/**
 * Has calls go to the member that leads, so that no other has to pass them on to it. Every answer says in which term it was made: the
 * members are asked who leads when that changes, and at no other time.
 */
export class LeaderPreference {
  readonly #clock: Clock;
  readonly #pool: EndpointPool;
  /** What a member says of itself. Rejects when it does not answer. */
  readonly #statusOf: (url: string) => Promise<StatusResponse>;
  readonly #urls: readonly string[];
  /** The term whose leader calls go to; -1 before one is known. */
  #term = -1;
  #isAsking = false;
  /** Not asked again before. */
  #askAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly clock: Clock;
    readonly pool: EndpointPool;
    readonly urls: readonly string[];
    readonly statusOf: (url: string) => Promise<StatusResponse>;
  }) {
    this.#clock = options.clock;
    this.#pool = options.pool;
    this.#urls = options.urls;
    this.#statusOf = options.statusOf;
  }

  /** An answer came that was made in this term. */
  onTerm(term: number): void {
    if (term <= this.#term || this.#isAsking || this.#clock.now() < this.#askAtMs) return;
    void this.find();
  }

  /** Asks all members who leads. Resolves when one has said that it does, or all have answered or failed to; never rejects. */
  async find(): Promise<void> {
    this.#isAsking = true;
    this.#askAtMs = this.#clock.now() + retryMs;
    const asked = this.#urls.map((url) => this.#ask(url));
    await Promise.any(asked).catch(() => {
      // Nobody leads at the moment, or nobody says so.
    });
    this.#isAsking = false;
  }

  /** Rejects unless the member leads. */
  async #ask(url: string): Promise<void> {
    const { header, leader } = await this.#statusOf(url);
    if (header === undefined || leader === 0n || leader !== header.memberId) {
      throw new Error(`${url} does not lead`);
    }
    // One that was the leader, and has not heard of its end, is of an older term.
    if (header.raftTerm <= this.#term) return;
    this.#term = header.raftTerm;
    this.#pool.prefer(url);
  }
}
