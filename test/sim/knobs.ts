import type { Prng } from '../../src/base/prng.js';
import type { ClientNetworkKnobs } from './channel.js';
import type { SimDiskKnobs } from './disk.js';
import type { NetworkKnobs } from './network.js';

/** What a seed concentrates on. Every profile is part of the ordinary rotation. */
const rotation = [
  'calm',
  'mixed',
  'network',
  'elections',
  'crashes',
  'disks',
  'reads',
  'snapshots',
  'members',
  'leases',
] as const;
/** With users whose permissions change; other profiles have them now and then. */
export const profiles = [...rotation, 'auth'] as const;
export type Profile = (typeof profiles)[number];

/** Things that happen to the cluster, each on average once in so many virtual milliseconds; 0: never. */
export interface FaultRates {
  /** A process dies; with or without its machine's power. */
  readonly crashMs: number;
  /** All processes die at once. */
  readonly blackoutMs: number;
  /** A process dies in the middle of an event, between two of its own actions. */
  readonly midEventCrashMs: number;
  readonly partitionMs: number;
  /** Directed links hold everything back for a while. */
  readonly clogMs: number;
  readonly pauseMs: number;
  /** A member believes that another's process is gone. */
  readonly misleadMs: number;
  readonly transferMs: number;
  /** A running member's fsync fails, or its disk is full: it dies of it. */
  readonly diskFailureMs: number;
  /** A member's fsync takes very long. */
  readonly diskStallMs: number;
  /** A member's database is lost while its log is kept. */
  readonly databaseLossMs: number;
  /** A member's log rots at rest: it refuses to start, and is replaced. */
  readonly rotMs: number;
  /** The membership changes: a learner is added and promoted, a member removed. */
  readonly membershipMs: number;
  readonly compactionMs: number;
  readonly wallJumpMs: number;
}

/** Everything that a seed decides before it starts. */
export interface Knobs {
  readonly profile: Profile;
  /** Voters at the start; 1 to 7. */
  readonly members: number;
  /** Length of the safety phase in virtual milliseconds. */
  readonly durationMs: number;
  readonly network: NetworkKnobs;
  readonly clientNetwork: ClientNetworkKnobs;
  readonly disk: Partial<SimDiskKnobs>;
  /** Milliseconds that a read or write of the database takes, at the most. */
  readonly databaseMsMax: number;
  readonly faults: FaultRates;
  /** Oscillators run at 1 - this to 1 + this. */
  readonly drift: number;
  /** One member's oscillator runs at double speed. */
  readonly hasRacingClock: boolean;
  readonly clients: {
    readonly sessions: number;
    readonly watchers: number;
    readonly leases: number;
    /** Users that may do what somebody else gives and takes. */
    readonly guests: number;
    /** Mean think time between two requests of a session, in milliseconds. */
    readonly thinkMs: number;
    readonly keys: number;
    /** Share of reads among the requests. */
    readonly readShare: number;
    readonly valueBytesMax: number;
    readonly timeoutMs: number;
  };
  readonly member: {
    readonly preVote: boolean;
    readonly catchUpEntries: number;
    readonly syncAfterEntries: number;
    readonly segmentBytes: number;
    readonly messageBytesMax: number;
    readonly inflightMessagesMax: number;
    readonly snapshotChunkBytes: number;
    readonly valueFileBytesMin: number;
  };
}

/** Draws the knobs of a seed (swarm testing: most faults are off in any one seed, and what is on goes to extremes). */
export function drawKnobs(prng: Prng, wanted: Profile | null): Knobs {
  const profile = wanted ?? prng.pick(rotation);
  const maybe = (chance: number, min: number, max: number) =>
    prng.chance(chance) ? prng.int(min, max) : 0;
  /** On for sure in the profiles named, else with a small chance unless the seed is calm. */
  const fault = (favoured: readonly Profile[], min: number, max: number) => {
    if (favoured.includes(profile)) return maybe(0.9, min, max);
    return profile === 'calm' ? 0 : maybe(0.2, 2 * min, 2 * max);
  };
  const hasRacingClock = profile === 'elections' && prng.chance(0.2);
  const membershipMs = fault(['members'], 2_000, 8_000);
  const delayMsMean = prng.pick([0.2, 1, 5, 20, 60]);
  const isLossy = profile !== 'calm' && prng.chance(0.4);
  const hasSlowDisk =
    profile !== 'calm' && prng.chance(profile === 'disks' || profile === 'elections' ? 0.7 : 0.4);
  const isBusy = prng.chance(profile === 'reads' ? 0.8 : 0.5);
  const knobs: Knobs = {
    profile,
    members: prng.pick(
      profile === 'calm' || profile === 'snapshots'
        ? [1, 2, 3, 3, 5]
        : [1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 7],
    ),
    durationMs: prng.int(20, isBusy ? 40 : 80) * 1000,
    network: {
      delayMsMin: 0.05,
      delayMsMean,
      lossChance: isLossy ? prng.pick([0.005, 0.02, 0.1, 0.25]) : 0,
      duplicateChance: isLossy ? prng.pick([0, 0.02, 0.2]) : 0,
      reorders: profile === 'network' || prng.chance(0.3),
      reportChance: prng.pick([0, 0.2, 0.9]),
      corruptChance: prng.chance(0.3) ? 0.1 : 0,
    },
    clientNetwork: {
      delayMsMean: Math.min(delayMsMean, 5),
      breakChance: profile === 'calm' ? 0 : prng.pick([0, 0.01, 0.05]),
    },
    disk: {
      syncLatencyMs: hasSlowDisk ? [1, prng.pick([20, 100, 400])] : [0.1, prng.pick([0.5, 3, 10])],
      stallChance: hasSlowDisk ? prng.pick([0, 0.001, 0.01]) : 0,
      tornWriteChance: prng.pick([0, 0.1, 0.5]),
    },
    databaseMsMax: prng.pick([0.1, 0.5, 5]),
    faults: {
      crashMs: fault(
        ['crashes', 'mixed', 'snapshots', 'elections', 'disks', 'auth'],
        2_000,
        20_000,
      ),
      blackoutMs: fault(['crashes'], 8_000, 30_000),
      midEventCrashMs: fault(['crashes', 'mixed', 'disks'], 3_000, 20_000),
      partitionMs: fault(
        ['network', 'mixed', 'elections', 'reads', 'members', 'auth'],
        2_000,
        15_000,
      ),
      clogMs: fault(['network', 'elections', 'reads'], 1_000, 15_000),
      pauseMs: fault(
        ['elections', 'mixed', 'reads', 'leases'],
        1_500,
        profile === 'reads' ? 5_000 : 12_000,
      ),
      misleadMs: fault(['elections'], 1_000, 10_000),
      transferMs: fault(
        ['elections', 'mixed', 'members', 'leases', 'reads', 'auth'],
        2_000,
        12_000,
      ),
      diskFailureMs: fault(['disks'], 5_000, 20_000),
      diskStallMs: fault(['disks', 'elections'], 4_000, 20_000),
      databaseLossMs: fault(['disks', 'snapshots'], 8_000, 30_000),
      // Replacing a damaged member is a membership change itself; others at the same time could take away its peers.
      rotMs: membershipMs === 0 ? fault(['disks'], 6_000, 30_000) : 0,
      membershipMs,
      compactionMs: fault(['snapshots', 'mixed', 'leases'], 2_000, 10_000),
      wallJumpMs: fault(['leases', 'elections'], 2_000, 20_000),
    },
    drift: prng.pick([0, 0.001, 0.05]),
    hasRacingClock,
    clients: {
      sessions: prng.int(profile === 'reads' ? 4 : 2, 7),
      watchers: prng.int(1, 4),
      leases: profile === 'leases' ? prng.int(2, 5) : prng.int(0, 2),
      thinkMs: isBusy ? prng.pick([20, 60]) : prng.pick([100, 250]),
      keys: prng.int(1, profile === 'reads' ? 3 : 6),
      readShare: profile === 'reads' ? 0.6 : prng.pick([0.1, 0.3, 0.5]),
      valueBytesMax: prng.pick([8, 64, 2_000]),
      // Impatient clients keep asking a member that is stopped, and catch what it says when it goes on.
      timeoutMs: prng.pick(profile === 'reads' ? [300, 1_000] : [1_000, 2_000, 7_000]),
      guests: 0,
    },
    member: {
      // Without it a member whose clock runs double, and whose log is behind, can keep the others from ever electing.
      preVote: hasRacingClock || !prng.chance(0.2),
      catchUpEntries: prng.pick(profile === 'snapshots' ? [0, 5, 20] : [0, 20, 200, 5_000]),
      syncAfterEntries: prng.pick(profile === 'snapshots' ? [5, 20] : [20, 100, 1_000]),
      segmentBytes: prng.pick([16 << 10, 64 << 10]),
      messageBytesMax: prng.pick([200, 4_000, 1 << 20]),
      inflightMessagesMax: prng.pick([1, 4, 256]),
      snapshotChunkBytes: prng.pick([200, 4_000, 64_000]),
      valueFileBytesMin: prng.pick([1, 300, 1_000, 1 << 20]),
    },
  };
  // Drawn last, so that the other knobs of a seed are what they were before there were users.
  const guests = profile === 'auth' ? 2 : Number(prng.chance(0.1));
  return { ...knobs, clients: { ...knobs.clients, guests } };
}
