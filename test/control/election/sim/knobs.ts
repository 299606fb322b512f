import type { Prng } from '../../../../src/base/prng.js';

/** Known ways to get elections wrong, each of which the simulation must find. */
export const electionDefects = [
  /** The API server does not look at fences. */
  'unfenced-writes',
  /** Clocks differ by more than lease and renewal deadline do. */
  'unbounded-drift',
  /** A key outlives its lease's end for who made it: the leader is not told that its lease is gone. */
  'renewal-always-answered',
] as const;
/** Name of a defect. */
export type ElectionDefect = (typeof electionDefects)[number];

/** What one seed is like. */
export interface ElectionKnobs {
  readonly candidates: number;
  readonly leaseSeconds: number;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
  readonly virtualMs: number;
  /** Local milliseconds per virtual one; one for each candidate, the last for the store. */
  readonly rates: readonly number[];
  /** Of a message, one way. */
  readonly latencyMs: number;
  /** How often a message is late by up to a minute. */
  readonly lateChance: number;
  readonly lossChance: number;
  readonly twiceChance: number;
  /** Mean milliseconds between faults of each kind; 0: none. */
  readonly pauseEveryMs: number;
  readonly killEveryMs: number;
  readonly stopEveryMs: number;
  readonly partitionEveryMs: number;
  readonly outageEveryMs: number;
  readonly writeEveryMs: number;
}

const driftMax = 0.05;

/** Draws what a seed is like. Most faults are off in any one; what is on goes to extremes. */
export function drawElectionKnobs(prng: Prng, defect: ElectionDefect | null): ElectionKnobs {
  const candidates = prng.int(1, 5);
  const leaseSeconds = prng.pick([5, 15, 15, 30]);
  const leaseMs = leaseSeconds * 1000;
  const drift = defect === 'unbounded-drift' ? 0.6 : driftMax;
  const every = (chance: number, meanMs: number) => (prng.chance(chance) ? meanMs : 0);
  return {
    ...{ candidates, leaseSeconds },
    // client-go's proportions: lease, two thirds, two fifteenths.
    renewDeadlineMs: (leaseMs * 2) / 3,
    retryMs: (leaseMs * 2) / 15,
    virtualMs: prng.int(60, 300) * 1000,
    rates: Array.from({ length: candidates + 1 }, () => 1 + (prng.float() * 2 - 1) * drift),
    latencyMs: prng.pick([1, 5, 20, 200]),
    lateChance: prng.pick([0, 0, 0.01, 0.1]),
    lossChance: prng.pick([0, 0, 0.02, 0.2]),
    twiceChance: prng.pick([0, 0, 0.05]),
    pauseEveryMs: every(0.6, prng.pick([8000, 30_000])),
    killEveryMs: every(0.4, prng.pick([8000, 40_000])),
    stopEveryMs: every(0.4, prng.pick([8000, 40_000])),
    partitionEveryMs: every(0.5, prng.pick([8000, 30_000])),
    outageEveryMs: every(0.3, 40_000),
    writeEveryMs: prng.pick([20, 100, 500]),
  };
}
