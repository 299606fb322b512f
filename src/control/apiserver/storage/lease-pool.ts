import type { Clock } from '../../../base/clock.js';
import { type Client, ClientError } from '../../../client/index.js';

/** Objects on one lease at most: what a lease takes with it when it ends is one write of the store. */
const objectsMaxDefault = 1000;
/** A lease lasts this much longer than what was asked for, so that objects of the next while may share it. */
const sharePartOfTtl = 0.05;
const shareSecondsMax = 60;

interface SharedLease {
  readonly id: Promise<bigint>;
  /** The id once it is known; 0 before. */
  knownId: bigint;
  /** Objects that wrote or will write with it are not here longer than this, on the clock's time in milliseconds. */
  readonly endsAtMs: number;
  objects: number;
}

/**
 * Leases for objects that go by themselves. Objects that end at about the same time share one: an object lives at least as long
 * as was asked for, and at most a twentieth or a minute longer.
 */
export class LeasePool {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #objectsMax: number;
  /** The lease now given out, by the time to live asked for in seconds. Ended ones are removed when others are added. */
  readonly #byTtl = new Map<number, SharedLease>();

  constructor(options: {
    readonly client: Client;
    readonly clock: Clock;
    readonly objectsMax?: number;
  }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#objectsMax = options.objectsMax ?? objectsMaxDefault;
  }

  /**
   * A lease for one object that is to live for `ttlSeconds` (at least 1) from now. Throws ClientError, never `maybeApplied`: a
   * lease that nobody heard of changes nothing.
   */
  async leaseFor(ttlSeconds: number): Promise<bigint> {
    const current = this.#byTtl.get(ttlSeconds);
    if (current !== undefined && this.#isUsable(current, ttlSeconds)) {
      current.objects++;
      return await current.id;
    }
    const granted = this.#grant(ttlSeconds);
    this.#forgetEnded();
    this.#byTtl.set(ttlSeconds, granted);
    return await granted.id;
  }

  /** The store does not know the lease (any more): it is not given out again. */
  forget(id: bigint): void {
    for (const [ttlSeconds, lease] of this.#byTtl) {
      if (lease.knownId === id) this.#byTtl.delete(ttlSeconds);
    }
  }

  #grant(ttlSeconds: number): SharedLease {
    const shareSeconds = Math.min(shareSecondsMax, Math.floor(ttlSeconds * sharePartOfTtl));
    const grantedSeconds = ttlSeconds + shareSeconds;
    // Counted from before the request: the store's own count starts later, so nothing ends too early.
    const endsAtMs = this.#clock.now() + grantedSeconds * 1000;
    const id = this.#client.lease.grant(grantedSeconds).then(({ ID }) => ID, harmless);
    const lease: SharedLease = { id, knownId: 0n, endsAtMs, objects: 1 };
    id.then(
      (knownId) => {
        lease.knownId = knownId;
      },
      () => {
        if (this.#byTtl.get(ttlSeconds) === lease) this.#byTtl.delete(ttlSeconds);
      },
    );
    return lease;
  }

  #isUsable(lease: SharedLease, ttlSeconds: number): boolean {
    return (
      lease.objects < this.#objectsMax && this.#clock.now() + ttlSeconds * 1000 <= lease.endsAtMs
    );
  }

  #forgetEnded(): void {
    for (const [ttlSeconds, lease] of this.#byTtl) {
      if (lease.endsAtMs <= this.#clock.now()) this.#byTtl.delete(ttlSeconds);
    }
  }
}

function harmless(error: unknown): never {
  if (!(error instanceof ClientError)) throw error;
  const { code, message, grpcCode } = error;
  throw new ClientError(code, message, { cause: error, grpcCode });
}
