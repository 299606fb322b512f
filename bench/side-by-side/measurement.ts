/** What one row found on one cluster in one round. What a row does not measure is null. */
export interface Measurement {
  /** Operations, or events, a second. */
  readonly perSecond: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** Processor time of all members together for one operation, microseconds: what tells on a crowded machine. */
  readonly serverCpuUs: number | null;
  /** A time that is measured itself: until serving, until the next write. */
  readonly durationMs: number | null;
  /** Resident memory of a member, the mean of all, MiB. */
  readonly memoryMiB: number | null;
  /** Failed operations. */
  readonly errors: number;
}

/** The parts of a measurement that are numbers to compare. */
export type Metric = Exclude<keyof Measurement, 'errors'>;

/** A measurement of these and nothing else. */
export function measurement(parts: Partial<Measurement>): Measurement {
  return {
    perSecond: null,
    p50Ms: null,
    p99Ms: null,
    maxMs: null,
    serverCpuUs: null,
    durationMs: null,
    memoryMiB: null,
    errors: 0,
    ...parts,
  };
}

/** A ratio that the project wants to reach, ours to theirs. */
export interface Goal {
  readonly metric: Metric;
  /** Whether the ratio is to be at least, or at most, the bound. */
  readonly direction: 'at-least' | 'at-most';
  readonly bound: number;
}

/** The middle value; of an even number the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (upper + lower) / 2;
}

/** Half the distance between the largest and the smallest, as a share of the median. */
export function spread(values: readonly number[]): number {
  if (values.length < 2) return 0;
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}

/** The values of a metric in all rounds that have it. */
export function valuesOf(rounds: readonly Measurement[], metric: Metric): number[] {
  return rounds.flatMap((round) => round[metric] ?? []);
}

/** Ours over theirs, of the medians; null when either has none. */
export function ratioOf(
  ours: readonly Measurement[],
  theirs: readonly Measurement[],
  metric: Metric,
): number | null {
  const ratio = median(valuesOf(ours, metric)) / median(valuesOf(theirs, metric));
  return Number.isFinite(ratio) ? ratio : null;
}

/** Whether a ratio reaches its goal. */
export function isMet({ direction, bound }: Goal, ratio: number): boolean {
  return direction === 'at-least' ? ratio >= bound : ratio <= bound;
}
