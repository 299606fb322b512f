import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Index, Term } from '../../raft/core/types.js';
import { LeaseCheckpointBatch, LeaseExpire } from '../../wire/gen/store.js';
import { type ApplyResult, CommandKind } from '../contracts.js';
import { DueLane } from './due-lane.js';

/** A lease to end, if it was last granted or renewed at this index. */
export interface ExpireItem {
  readonly id: bigint;
  readonly renewedIndex: Index;
}

/** Time left of a lease that was last granted or renewed at this index. */
export interface CheckpointItem {
  readonly id: bigint;
  readonly remainingTtlMs: number;
  readonly renewedIndex: Index;
}

/** What the keeper needs of the lessor; moments are monotonic milliseconds of the lessor's clock. */
export interface LeaseTimers {
  /** Has the listener called after changes that may have brought a moment forward. */
  onDue(listener: () => void): void;
  /** No lease is taken as expired within the next `graceMs`, nor within `graceMs` after its deadline. */
  graceAll(graceMs: number): void;
  nextExpiryMs(): number | undefined;
  /** Leases past their deadline; those returned are not due again before `retryMs`. */
  takeExpired(options: { readonly countMax: number; readonly retryMs: number }): ExpireItem[];
  nextCheckpointMs(): number | undefined;
  /** Leases whose time left is to be noted; those returned are due again after their interval. */
  takeCheckpoints(options: { readonly countMax: number }): CheckpointItem[];
}

/** Replicates a command and resolves with its result; rejects when its fate is unknown or it was refused. */
export type ProposeLeases = (kind: CommandKind, payload: Uint8Array) => Promise<ApplyResult>;

/** Leases ended, or checkpointed, per second at most (etcd's limit); also the most in one entry. */
const leasesPerSecondMax = 1000;
/** A lease that is still there this long after its expiry was proposed is proposed again. */
const expireRetryMs = 3_000;

/**
 * Ends leases whose time is over, and notes the time left of those that nobody renews. It runs on every member and acts
 * only while that member leads. That it acts on stale belief is harmless: an expiry names the renewal that it saw, so
 * a lease renewed in the meantime survives it, whether the proposer was paused, deposed or merely slow.
 */
export class LeaseKeeper {
  readonly #leases: LeaseTimers;
  readonly #graceMs: number;
  readonly #lanes: readonly [DueLane<ExpireItem>, DueLane<CheckpointItem>];
  #term: Term | null = null;

  /**
   * `electionTimeoutMs`: the grace that a new leader gives every lease, for its clients could not renew while there was
   * no leader, and its own deadlines may run ahead of the old leader's.
   */
  constructor(options: {
    readonly leases: LeaseTimers;
    readonly clock: Clock;
    readonly electionTimeoutMs: number;
    readonly propose: ProposeLeases;
    readonly logger: Logger;
  }) {
    const { leases, clock, propose, logger } = options;
    this.#leases = leases;
    this.#graceMs = options.electionTimeoutMs;
    const limits = { countMax: leasesPerSecondMax, retryMs: expireRetryMs };
    const shared = { clock, logger, perSecondMax: leasesPerSecondMax };
    this.#lanes = [
      new DueLane({
        ...shared,
        name: 'lease expiry',
        nextDueMs: () => leases.nextExpiryMs(),
        take: () => leases.takeExpired(limits),
        propose: (items) => propose(CommandKind.leaseExpire, LeaseExpire.encode({ items })),
      }),
      new DueLane({
        ...shared,
        name: 'lease checkpoint',
        nextDueMs: () => leases.nextCheckpointMs(),
        take: () => leases.takeCheckpoints(limits),
        propose: (items) =>
          propose(CommandKind.leaseCheckpoint, LeaseCheckpointBatch.encode({ items })),
      }),
    ];
    leases.onDue(() => {
      for (const lane of this.#lanes) lane.onDue();
    });
  }

  /** Called whenever this member's role or term changes. */
  onLeadership(isLeader: boolean, term: Term): void {
    if (isLeader && this.#term === term) return;
    for (const lane of this.#lanes) lane.stop();
    this.#term = isLeader ? term : null;
    if (!isLeader) return;
    this.#leases.graceAll(this.#graceMs);
    for (const lane of this.#lanes) lane.start();
  }

  /** Stops for good; resolves when no proposal of it is in flight. */
  async close(): Promise<void> {
    this.#term = null;
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }
}
