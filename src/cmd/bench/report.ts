import type { LatencyCounts, LatencySummary } from './latency.js';
import type { LoadSpec } from './spec.js';

/** Version of the report's form: changes with what a reader would have to know. */
export const reportFormat = 'flotilla-bench/1';

/** One kind of operation in the whole measurement. */
export interface SeriesReport {
  readonly name: string;
  readonly completed: number;
  readonly perSecond: number;
  /** Milliseconds; null without any. */
  readonly latencyMs: LatencySummary | null;
  /** Counts by microseconds: the whole distribution. */
  readonly histogramUs: LatencyCounts;
}

/** One second of the measurement. */
export interface IntervalReport {
  /** Its end, seconds after the beginning. */
  readonly atSeconds: number;
  /** In the report's order. */
  readonly series: readonly {
    readonly name: string;
    readonly perSecond: number;
    readonly p50Ms: number | null;
    readonly p99Ms: number | null;
  }[];
  readonly errors: number;
}

/** What a run found. This is the form of `--json`. */
export interface BenchReport {
  readonly format: typeof reportFormat;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly load: Omit<LoadSpec, 'tls' | 'keyOffset' | 'keyStride'> & { readonly isTls: boolean };
  readonly client: { readonly machine: string; readonly node: string; readonly flotilla: string };
  readonly server: { readonly version: string; readonly members: number };
  readonly elapsedSeconds: number;
  readonly series: readonly SeriesReport[];
  readonly intervals: readonly IntervalReport[];
  /** Failed operations by gRPC status, and `UNANSWERED`, `MISSING_EVENTS`, `WATCH_LOST`, `LEASE_GONE`. */
  readonly errors: Readonly<Record<string, number>>;
  /** The longest time in which one process had no success, and when it ended. */
  readonly longestGap: { readonly ms: number; readonly atSeconds: number };
  /** Processor time of the load itself. */
  readonly clientCpu: { readonly usPerOperation: number; readonly processors: number };
  /** Open loop: calls that were due at the end and had not been made. */
  readonly backlog: number;
  /** It was ended by a signal before its time. */
  readonly isInterrupted: boolean;
}

/** The series with this name. */
export function seriesOf(report: BenchReport, name: string): SeriesReport {
  const series = report.series.find((each) => each.name === name);
  if (series === undefined) throw new RangeError(`no series ${name} in the report`);
  return series;
}
