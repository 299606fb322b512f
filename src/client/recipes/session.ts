import { ClientError } from '../errors.js';
import type { LeaseClient } from '../lease/lease-client.js';
import type { LeaseKeeper } from '../lease/lease-keeper.js';

/** Options of a session. */
export interface SessionOptions {
  /** How long the session outlives its owner's silence, in seconds. Default 60. */
  readonly ttlSeconds?: number;
  /** Uses a lease that exists, in place of a new one. It is kept alive, and revoked by {@link Session.close}. */
  readonly lease?: bigint;
  readonly signal?: AbortSignal;
}

const ttlSecondsDefault = 60;

/** A lease kept alive, to which locks and leaderships are tied: they are lost together with it. */
export class Session {
  readonly lease: bigint;
  readonly #leases: LeaseClient;
  readonly #keeper: LeaseKeeper;

  private constructor(leases: LeaseClient, keeper: LeaseKeeper) {
    this.lease = keeper.id;
    this.#leases = leases;
    this.#keeper = keeper;
  }

  /** Grants a lease (or takes the given one) and keeps it alive. `now` is the client's monotonic clock. */
  static async open(
    leases: LeaseClient,
    now: () => number,
    options: SessionOptions,
  ): Promise<Session> {
    if (options.lease !== undefined) return new Session(leases, leases.keepAlive(options.lease));
    const call = options.signal === undefined ? {} : { signal: options.signal };
    const atMs = now();
    const { ID, TTL } = await leases.grant(options.ttlSeconds ?? ttlSecondsDefault, call);
    const granted = { ttlSeconds: TTL, atMs };
    return new Session(leases, leases.keepAlive(ID, { granted }));
  }

  /** Aborted when the lease is lost: everything tied to the session may belong to another from then on. */
  get lost(): AbortSignal {
    return this.#keeper.lost;
  }

  /** Throws `lease-lost` once the lease is lost. */
  assertAlive(): void {
    if (!this.lost.aborted) return;
    throw new ClientError('lease-lost', 'the session is over: its lease is lost', {
      cause: this.lost.reason,
    });
  }

  /** Ends the session and deletes all that is tied to it. A lease that is gone already is no error. */
  async close(): Promise<void> {
    this.#keeper.close();
    if (this.lost.aborted) return;
    try {
      await this.#leases.revoke(this.lease, { isRepeatable: true });
    } catch (error) {
      if (!(error instanceof ClientError && error.code === 'lease-not-found')) throw error;
    }
  }

  /** Stops renewing without revoking: what is tied to the session goes when its time to live has passed. */
  orphan(): void {
    this.#keeper.close();
  }
}
