import { Gauge, type Registry } from 'prom-client';
import { DistributionFamily, LabelledTally } from '../labelled-series.js';

const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What a cache of tokens counts, under Kubernetes' names. */
export class TokenCacheMetrics {
  readonly #requests = new LabelledTally();
  readonly #seconds = new DistributionFamily(requestSeconds);
  readonly #fetches = new LabelledTally();
  /** Looks that are under way, and requests that wait for somebody else's. */
  #inFlight = 0;
  #blocked = 0;

  onRequest(status: 'hit' | 'miss', seconds: number): void {
    this.#requests.add(status, () => ({ status }));
    this.#seconds.observe(status, seconds, () => ({ status }));
  }

  /** A look began; `result` is what comes of it. */
  onFetch(result: Promise<unknown>): void {
    this.#inFlight++;
    const done = (status: 'ok' | 'error') => () => {
      this.#inFlight--;
      this.#fetches.add(status, () => ({ status }));
    };
    result.then(done('ok'), done('error'));
  }

  /** A request waits for a look that is under way. */
  onBlocked(result: Promise<unknown>): void {
    this.#blocked++;
    const done = () => {
      this.#blocked--;
    };
    result.then(done, done);
  }

  register(registry: Registry): void {
    const prefix = 'authentication_token_cache';
    this.#requests.register(registry, {
      name: `${prefix}_request_total`,
      help: 'Tokens that were asked about, by whether the answer was remembered.',
      labelNames: ['status'],
    });
    this.#seconds.register(registry, {
      name: `${prefix}_request_duration_seconds`,
      help: 'Seconds until a token was known, by whether the answer was remembered.',
    });
    this.#fetches.register(registry, {
      name: `${prefix}_fetch_total`,
      help: 'Looks at tokens that were not remembered, by whether they failed.',
      labelNames: ['status'],
    });
    const counts = () => ({ in_flight: this.#inFlight, blocked: this.#blocked });
    new Gauge({
      name: `${prefix}_active_fetch_count`,
      help: 'Looks at tokens that are under way, and requests that wait for one of them.',
      labelNames: ['status'],
      registers: [registry],
      collect() {
        for (const [status, count] of Object.entries(counts())) this.set({ status }, count);
      },
    });
  }
}
