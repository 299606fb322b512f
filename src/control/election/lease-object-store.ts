import type { Clock } from '../../base/clock.js';
import { sleep } from '../../base/clock.js';
import type { Lease } from '../api/gen/coordination-v1.js';
import {
  type ControlClient,
  type ResourceClient,
  resources,
  UnreachableError,
} from '../client/index.js';
import { StatusError } from '../machinery/status.js';
import { type ElectionCall, type ElectionStore, ElectionStoreError } from './election-store.js';
import { leaseOf, releasedLease } from './lease-record.js';

/** What it works with. */
export interface LeaseObjectOptions {
  readonly client: ControlClient;
  readonly clock: Clock;
  /** Of the Lease. */
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseSeconds: number;
  /** Between looks at a Lease that another holds. */
  readonly retryMs: number;
}

/**
 * Elections by a Lease object of any Kubernetes API server, as client-go does it: who holds it writes its time anew again and again, and
 * who has seen it unchanged for its duration, by the own clock, may take it. One candidate's view. There is nothing that
 * fences writes: `createRevision` is the count of holders.
 */
export class LeaseObjectStore implements ElectionStore {
  readonly #options: LeaseObjectOptions;
  readonly #leases: ResourceClient<Lease>;
  /** As it was read or written last, and since when it is known to be so; null when there is none. */
  #seen: { readonly lease: Lease; readonly sinceMs: number } | null = null;
  #acquiredMs = 0;
  #lastId = 0n;

  constructor(options: LeaseObjectOptions) {
    this.#options = options;
    this.#leases = options.client.objects(resources.leases);
  }

  async read(_: string, call: ElectionCall) {
    await this.#timed(call, (signal) => this.#look(signal));
    const value = this.#holder();
    if (value === null) return { holder: null, revision: 0 };
    return { holder: { value, createRevision: this.#count() }, revision: 0 };
  }

  /** The Lease itself says how long it lasts. */
  grant(): Promise<bigint> {
    return Promise.resolve(++this.#lastId);
  }

  async claim(_: unknown, call: ElectionCall): Promise<number | null> {
    if (this.#holder() !== null) return null;
    this.#acquiredMs = this.#options.clock.wallTime();
    return (await this.#timed(call, (signal) => this.#write(signal))) ? this.#count() : null;
  }

  async renew(_: bigint, call: ElectionCall): Promise<boolean> {
    return await this.#timed(call, async (signal) => {
      if (await this.#write(signal)) return true;
      // Somebody wrote to it: another holder, or an administrator.
      await this.#look(signal);
      if (this.#seen?.lease.spec?.holderIdentity !== this.#options.identity) return false;
      return await this.#write(signal);
    });
  }

  async revoke(_: bigint, call: ElectionCall): Promise<void> {
    const lease = this.#seen?.lease;
    if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    const released = releasedLease(lease, this.#options.clock.wallTime());
    await this.#timed(call, (signal) => this.#put(released, signal));
  }

  async untilReleased(key: string, _: number, signal: AbortSignal): Promise<void> {
    const { clock, retryMs } = this.#options;
    for (;;) {
      await sleep(clock, retryMs, signal);
      const { holder } = await this.read(key, { signal, timeoutMs: retryMs * 2 });
      if (holder === null) return;
    }
  }

  /** Who holds it, as far as this candidate can tell; null when it is to be had. */
  #holder(): string | null {
    if (this.#seen === null) return null;
    const { lease, sinceMs } = this.#seen;
    const { holderIdentity = '', leaseDurationSeconds = 0 } = lease.spec ?? {};
    const isOver = this.#options.clock.now() - sinceMs >= leaseDurationSeconds * 1000;
    // A claim whose answer was lost may have been written: it is claimed again.
    const isFree = holderIdentity === '' || holderIdentity === this.#options.identity;
    return isFree || isOver ? null : holderIdentity;
  }

  #count(): number {
    return (this.#seen?.lease.spec?.leaseTransitions ?? 0) + 1;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { namespace, name, clock } = this.#options;
    try {
      const lease = await this.#leases.get({ namespace, name }, { signal });
      const before = this.#seen?.lease.metadata.resourceVersion;
      if (before !== lease.metadata.resourceVersion) {
        this.#seen = { lease, sinceMs: clock.now() };
      }
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
      this.#seen = null;
    }
  }

  /** Writes this candidate as the holder; false when somebody else has written since it was seen. */
  #write(signal: AbortSignal): Promise<boolean> {
    const { identity, leaseSeconds, clock } = this.#options;
    const leader = { identity, leaseSeconds, acquiredMs: this.#acquiredMs };
    const existing = this.#seen?.lease ?? null;
    return this.#put(leaseOf(this.#options, existing, leader, clock.wallTime()), signal);
  }

  async #put(lease: Lease, signal: AbortSignal): Promise<boolean> {
    try {
      const written =
        this.#seen === null
          ? await this.#leases.create(lease, { signal })
          : await this.#leases.update(lease, { signal });
      this.#seen = { lease: written, sinceMs: this.#options.clock.now() };
      return true;
    } catch (error) {
      const isOvertaken =
        error instanceof StatusError &&
        ['Conflict', 'AlreadyExists', 'NotFound'].includes(error.reason);
      if (!isOvertaken) throw error;
      return false;
    }
  }

  async #timed<T>(
    { signal, timeoutMs }: ElectionCall,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#options;
    const ending = new AbortController();
    const timer = clock.setTimer(timeoutMs, () => ending.abort());
    const onAbort = () => ending.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    try {
      return await work(ending.signal);
    } catch (error) {
      throw failure(error, ending.signal, signal);
    } finally {
      clock.clearTimer(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

function failure(error: unknown, ended: AbortSignal, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (ended.aborted) {
    return new ElectionStoreError('the API server did not answer in time', { cause: error });
  }
  if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) return error;
  return new ElectionStoreError(error.message, { cause: error });
}
