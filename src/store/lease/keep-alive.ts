import { assert } from '../../base/assert.js';
import type { Clock, Timer } from '../../base/clock.js';
import { LeaseKeepAliveBatch } from '../../wire/gen/store.js';
import { CommandKind, type LeaseRenewal } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ProposeLeases } from './keeper.js';

/** Leases renewed by one entry at most; more of one turn go into further entries. About 100 KB. */
const leasesPerEntryMax = 10_000;

/**
 * Commands under way at a time; meanwhile what is asked for gathers in the next one. A second command is for few clients, who
 * need not wait for each other: with so many renewals under way, the entry that it takes costs more than it is worth.
 */
const commandsInFlightMax = 2;
const busyMin = 16;

/**
 * While commands have so many renewals, the next one leaves so many milliseconds after the one before at the earliest. An entry costs three members
 * what dozens of renewals cost, and nobody needs to know within milliseconds that his lease lasts on.
 */
const gatherMin = 32;
const gatherMs = 10;

/** The renewals of one entry. */
class Batch {
  /** The leases, each once. */
  readonly ids: bigint[] = [];
  readonly renewals: LeaseRenewal[] = [];
  /** Place in `ids` of the lease of each renewal. */
  readonly #places: number[] = [];
  readonly #placeOf = new Map<bigint, number>();

  add(renewal: LeaseRenewal): void {
    const { id } = renewal;
    let place = this.#placeOf.get(id);
    if (place === undefined) {
      place = this.ids.length;
      this.ids.push(id);
      this.#placeOf.set(id, place);
    }
    this.renewals.push(renewal);
    this.#places.push(place);
  }

  resolve(ttlSeconds: readonly number[]): void {
    assert(ttlSeconds.length === this.ids.length, 'not one TTL per lease renewed');
    for (let i = 0; i < this.renewals.length; i++) {
      const renewal = this.renewals[i] as LeaseRenewal;
      renewal.onRenewed(ttlSeconds[this.#places[i] as number] as number);
    }
  }

  reject(error: unknown): void {
    for (const renewal of this.renewals) renewal.onFailed(error);
  }
}

/**
 * Collects the renewals that one event-loop turn brings, and those that come while earlier ones are replicated, into one entry
 * of the log. Those of the same lease are one renewal. What waits is bounded by the requests in flight that the callers allow.
 */
export class KeepAliveBatcher {
  readonly #clock: Clock;
  readonly #propose: ProposeLeases;
  /** Not proposed yet, the last one not full. */
  readonly #waiting: Batch[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  /** Renewals of the commands under way. */
  #inFlightCount = 0;
  /** {@link #flush} is to be called at the end of this turn. */
  #isFlushDue = false;
  /** Renewals of the last command, or of those before it, which count half as much with each that follows. */
  #recentCount = 0;
  /** No command leaves before this moment. */
  #notBeforeMs = 0;
  /** Calls {@link #flush} at that moment; there while it is waited for. */
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(options: { readonly clock: Clock; readonly propose: ProposeLeases }) {
    this.#clock = options.clock;
    this.#propose = options.propose;
  }

  /** Renews a lease. Fails with what the proposal fails with, and with `stopped` after {@link close}; never in this call. */
  add(renewal: LeaseRenewal): void {
    if (this.#isClosed) {
      queueMicrotask(() => renewal.onFailed(new StoreError('stopped')));
      return;
    }
    let batch = this.#waiting.at(-1);
    if (batch === undefined || batch.ids.length === leasesPerEntryMax) {
      batch = new Batch();
      this.#waiting.push(batch);
    }
    batch.add(renewal);
    if (!this.#isFlushDue) this.#flushLater();
  }

  /** Rejects what has not been proposed yet with `stopped`; resolves once nothing is in flight. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    for (const batch of this.#waiting.splice(0)) batch.reject(new StoreError('stopped'));
    await Promise.all(this.#inFlight);
  }

  #flushLater(): void {
    this.#isFlushDue = true;
    this.#clock.defer(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#inFlight.size < commandsInFlightMax && this.#inFlightCount < busyMin) {
      if (this.#waiting.length === 0 || this.#isGathering()) return;
      const batch = this.#waiting.shift() as Batch;
      const run = this.#run(batch);
      const count = batch.renewals.length;
      this.#recentCount = Math.max(count, this.#recentCount / 2);
      if (this.#recentCount >= gatherMin) this.#notBeforeMs = this.#clock.now() + gatherMs;
      this.#inFlight.add(run);
      this.#inFlightCount += count;
      void run.then(() => {
        this.#inFlight.delete(run);
        this.#inFlightCount -= count;
        this.#flush();
      });
    }
  }

  /** Whether more is to come before the next command leaves; sees to it that it leaves then. A full one does not wait. */
  #isGathering(): boolean {
    if (this.#waiting.length > 1) return false;
    if (this.#timer !== null) return true;
    const waitMs = this.#notBeforeMs - this.#clock.now();
    if (waitMs <= 0) return false;
    this.#timer = this.#clock.setTimer(waitMs, () => {
      this.#timer = null;
      this.#flush();
    });
    return true;
  }

  async #run(batch: Batch): Promise<void> {
    let ttlSeconds: readonly number[];
    try {
      const payload = LeaseKeepAliveBatch.encode({ ids: batch.ids });
      const result = await this.#propose(CommandKind.leaseKeepAlive, payload);
      if (!result.ok) throw result.error;
      assert(result.response.kind === 'leaseKeepAlive', 'a renewal answered by another kind');
      ({ ttlSeconds } = result.response.value);
    } catch (error) {
      batch.reject(error);
      return;
    }
    batch.resolve(ttlSeconds);
  }
}
