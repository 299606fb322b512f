import { Latencies } from './latency.js';
import { intervalMs } from './local-run.js';
import type { MeterSnapshot } from './meter.js';
import type { IntervalReport, SeriesReport } from './report.js';

/** One kind of operation, added up. */
interface Sum {
  readonly name: string;
  completed: number;
  readonly latencies: Latencies;
}

/** An interval as its processes measured it. */
interface Interval {
  atMs: number;
  durationMs: number;
  errors: number;
  readonly series: readonly Sum[];
  /** Processes that have told of it. */
  reports: number;
}

/** What all processes of a run measured. */
export class Collector {
  readonly #processes: number;
  readonly #totals: Sum[] = [];
  readonly #intervals: Interval[] = [];
  readonly #errors: Record<string, number> = {};
  #longestGap = { ms: 0, atSeconds: 0 };
  /** Told of every interval that all processes have told of. */
  readonly #onInterval: (interval: IntervalReport) => void;

  constructor(processes: number, onInterval: (interval: IntervalReport) => void) {
    this.#processes = processes;
    this.#onInterval = onInterval;
  }

  get errors(): Readonly<Record<string, number>> {
    return this.#errors;
  }

  get longestGap(): { readonly ms: number; readonly atSeconds: number } {
    return this.#longestGap;
  }

  /** Returns what takes a process' snapshots. */
  ofProcess(): (snapshot: MeterSnapshot) => void {
    let index = 0;
    let lastMs = 0;
    return (snapshot) => {
      this.#add(index++, snapshot, snapshot.atMs - lastMs);
      lastMs = snapshot.atMs;
    };
  }

  #add(index: number, snapshot: MeterSnapshot, durationMs: number): void {
    const interval = this.#intervals[index] ?? emptyInterval(snapshot);
    this.#intervals[index] = interval;
    interval.atMs = Math.max(interval.atMs, snapshot.atMs);
    interval.durationMs = Math.max(interval.durationMs, durationMs);
    snapshot.series.forEach(({ name, completed, latencies }, i) => {
      const total = this.#totals[i] ?? emptySum(name);
      this.#totals[i] = total;
      for (const target of [total, interval.series[i]]) {
        if (target === undefined) continue;
        target.completed += completed;
        target.latencies.addCounts(latencies);
      }
    });
    for (const [name, count] of Object.entries(snapshot.errors)) {
      this.#errors[name] = (this.#errors[name] ?? 0) + count;
      interval.errors += count;
    }
    if (snapshot.longestGapMs > this.#longestGap.ms) {
      const { longestGapMs: ms, longestGapAtMs } = snapshot;
      this.#longestGap = { ms, atSeconds: longestGapAtMs / 1000 };
    }
    interval.reports++;
    if (interval.reports === this.#processes && isWhole(interval)) {
      this.#onInterval(toIntervalReport(interval));
    }
  }

  /** The seconds of the run. A rest at the end too short for a rate of its own is left out. */
  intervals(): IntervalReport[] {
    const whole = this.#intervals.filter((interval, i) => isWhole(interval) || i === 0);
    return whole.map(toIntervalReport);
  }

  /** What was measured in all, in a measurement of that length. */
  series(elapsedMs: number): SeriesReport[] {
    return this.#totals.map(({ name, completed, latencies }) => ({
      name,
      completed,
      perSecond: elapsedMs === 0 ? 0 : (completed / elapsedMs) * 1000,
      latencyMs: latencies.summary(),
      histogramUs: latencies.counts(),
    }));
  }
}

/** Long enough for a rate of its own. */
function isWhole({ durationMs }: Interval): boolean {
  return durationMs >= intervalMs / 2;
}

function emptyInterval({ series }: MeterSnapshot): Interval {
  const sums = series.map(({ name }) => emptySum(name));
  return { atMs: 0, durationMs: 0, errors: 0, series: sums, reports: 0 };
}

function emptySum(name: string): Sum {
  return { name, completed: 0, latencies: new Latencies() };
}

function toIntervalReport({ atMs, durationMs, errors, series }: Interval): IntervalReport {
  const percentile = (latencies: Latencies, percent: number) =>
    latencies.count === 0 ? null : latencies.percentileMs(percent);
  const perMs = Math.max(1, durationMs);
  return {
    atSeconds: Math.round(atMs) / 1000,
    series: series.map(({ name, completed, latencies }) => ({
      name,
      perSecond: Math.round((completed / perMs) * 1000),
      p50Ms: percentile(latencies, 50),
      p99Ms: percentile(latencies, 99),
    })),
    errors,
  };
}
