import { assert } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import { LeaseKeepAliveBatch } from '../../wire/gen/store.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ProposeLeases } from './keeper.js';

/** Leases renewed by one entry at most; more of one turn go into further entries. About 100 KB. */
const leasesPerEntryMax = 10_000;

interface Waiter {
  resolve(ttlSeconds: number): void;
  reject(error: unknown): void;
}

/**
 * Collects the renewals that one event-loop turn brings into one entry of the log. Callers for the same lease share
 * its renewal. What waits is bounded by the requests in flight that the callers allow.
 */
export class KeepAliveBatcher {
  readonly #clock: Clock;
  readonly #propose: ProposeLeases;
  /** Renewals asked for in this turn. */
  #waiting = new Map<bigint, Waiter[]>();
  readonly #inFlight = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: { readonly clock: Clock; readonly propose: ProposeLeases }) {
    this.#clock = options.clock;
    this.#propose = options.propose;
  }

  /** Renews a lease; resolves with its TTL in seconds, 0 when there is no such lease. Rejects as the proposal does. */
  renew(id: bigint, signal?: AbortSignal): Promise<number> {
    if (this.#isClosed) return Promise.reject(new StoreError('stopped'));
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal?.reason);
      const settle = () => signal?.removeEventListener('abort', onAbort);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#add(id, {
        resolve: (ttlSeconds) => {
          settle();
          resolve(ttlSeconds);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
    });
  }

  /** Rejects what has not been proposed yet with `stopped`; resolves once nothing is in flight. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const waiting = this.#take();
    for (const waiters of waiting.values()) rejectAll(waiters, new StoreError('stopped'));
    await Promise.all(this.#inFlight);
  }

  #add(id: bigint, waiter: Waiter): void {
    if (this.#waiting.size === 0) this.#clock.defer(() => this.#flush());
    const others = this.#waiting.get(id);
    if (others === undefined) this.#waiting.set(id, [waiter]);
    else others.push(waiter);
    if (this.#waiting.size === leasesPerEntryMax) this.#flush();
  }

  #take(): Map<bigint, Waiter[]> {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    return waiting;
  }

  #flush(): void {
    if (this.#waiting.size === 0) return;
    const run = this.#run(this.#take());
    this.#inFlight.add(run);
    void run.then(() => this.#inFlight.delete(run));
  }

  async #run(batch: ReadonlyMap<bigint, readonly Waiter[]>): Promise<void> {
    try {
      const payload = LeaseKeepAliveBatch.encode({ ids: [...batch.keys()] });
      const result = await this.#propose(CommandKind.leaseKeepAlive, payload);
      if (!result.ok) throw result.error;
      assert(result.response.kind === 'leaseKeepAlive', 'a renewal answered by another kind');
      const { ttlSeconds } = result.response.value;
      assert(ttlSeconds.length === batch.size, 'not one TTL per lease renewed');
      let i = 0;
      for (const waiters of batch.values()) {
        const ttl = ttlSeconds[i++] as number;
        for (const waiter of waiters) waiter.resolve(ttl);
      }
    } catch (error) {
      for (const waiters of batch.values()) rejectAll(waiters, error);
    }
  }
}

function rejectAll(waiters: readonly Waiter[], error: unknown): void {
  for (const waiter of waiters) waiter.reject(error);
}
