import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Lease } from '../api/gen/coordination-v1.js';
import { type ControlClient, resources, UnreachableError } from '../client/index.js';
import { isLeadershipLost } from '../machinery/fence.js';
import { StatusError } from '../machinery/status.js';
import { type LeaderRecord, leaseOf, releasedLease } from './lease-record.js';

/** What a mirror works with. */
export interface LeaseMirrorOptions {
  /** Its writes are fenced: a leader that is none any more does not show itself as one. */
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseSeconds: number;
}

const writesPerLease = 3;
const releaseMsMax = 1000;

/**
 * Shows a leadership as a Lease of the API, so that `kubectl get leases -n kube-system` tells who leads. It is a picture: nobody is
 * elected by it, and a leader leads whether or not it can be written.
 */
export class LeaseMirror {
  readonly #options: LeaseMirrorOptions;
  readonly #leader: LeaderRecord;

  /** From when the leadership is there. */
  constructor(options: LeaseMirrorOptions) {
    this.#options = options;
    const { identity, leaseSeconds, clock } = options;
    this.#leader = { identity, leaseSeconds, acquiredMs: clock.wallTime() };
  }

  /** Writes it until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, leaseSeconds } = this.#options;
    const pauseMs = (leaseSeconds * 1000) / writesPerLease;
    while (!signal.aborted) {
      await this.#tried('show', signal, (existing, nowMs) =>
        leaseOf(this.#options, existing, this.#leader, nowMs),
      );
      await sleep(clock, pauseMs, signal).catch(() => {}); // The leadership is over.
    }
  }

  /** Takes the leader's name off it, if that can be done soon. */
  async release(): Promise<void> {
    const { clock } = this.#options;
    const stop = new AbortController();
    const timer = clock.setTimer(releaseMsMax, () => stop.abort());
    await this.#tried('release', stop.signal, (existing, nowMs) =>
      existing?.spec?.holderIdentity === this.#leader.identity
        ? releasedLease(existing, nowMs)
        : null,
    );
    clock.clearTimer(timer);
  }

  async #tried(
    action: string,
    signal: AbortSignal,
    change: (existing: Lease | null, nowMs: number) => Lease | null,
  ): Promise<void> {
    try {
      await this.#write(signal, change);
    } catch (error) {
      if (signal.aborted || isLeadershipLost(error)) return;
      const isExpected = error instanceof StatusError || error instanceof UnreachableError;
      if (!isExpected) throw error;
      this.#options.logger.warn(`cannot ${action} the leader in its Lease`, {
        error: error.message,
      });
    }
  }

  async #write(
    signal: AbortSignal,
    change: (existing: Lease | null, nowMs: number) => Lease | null,
  ): Promise<void> {
    const { client, clock, namespace, name } = this.#options;
    const leases = client.objects(resources.leases);
    const existing = await leases.get({ namespace, name }, { signal }).catch((error: unknown) => {
      if (error instanceof StatusError && error.reason === 'NotFound') return null;
      throw error;
    });
    const lease = change(existing, clock.wallTime());
    if (lease === null) return;
    if (existing === null) await leases.create(lease, { signal });
    else await leases.update(lease, { signal });
  }
}
