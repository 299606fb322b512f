import { CallError, Status } from '../../rpc/index.js';
import { Latencies, type LatencyCounts } from './latency.js';

/** What one kind of operation did in an interval. */
export interface SeriesSnapshot {
  readonly name: string;
  /** Operations that ended in the interval. */
  readonly completed: number;
  readonly latencies: LatencyCounts;
}

/** What a process measured since the snapshot before. Plain data. */
export interface MeterSnapshot {
  /** The end of the interval, milliseconds after the beginning of the measurement. */
  readonly atMs: number;
  /** By the load's series. */
  readonly series: readonly SeriesSnapshot[];
  /** Failed operations by the name of their gRPC status. */
  readonly errors: Readonly<Record<string, number>>;
  /** The longest time without any successful operation, and when it ended. */
  readonly longestGapMs: number;
  readonly longestGapAtMs: number;
}

interface Series {
  readonly name: string;
  completed: number;
  readonly latencies: Latencies;
}

const statusNames = new Map<number, string>(
  Object.entries(Status).map(([name, code]) => [code, name.replace(/[A-Z]/g, '_$&').toUpperCase()]),
);

/**
 * Measures the operations of one process. The rate counts what ends within the measurement; latencies are of what was to
 * start within it, so that a slow operation at its end is not left out.
 */
export class Meter {
  readonly #series: readonly Series[];
  /** With a fixed number of operations these and no others count, whenever they end. */
  readonly #isFixedTotal: boolean;
  #errors: Record<string, number> = {};
  #beginMs = Number.POSITIVE_INFINITY;
  #endMs = Number.POSITIVE_INFINITY;
  /** When an operation last succeeded, or the measurement began. */
  #lastMs = 0;
  #longestGapMs = 0;
  #longestGapAtMs = 0;

  constructor(series: readonly string[], { isFixedTotal }: { readonly isFixedTotal: boolean }) {
    this.#series = series.map((name) => ({
      name,
      completed: 0,
      latencies: new Latencies(),
    }));
    this.#isFixedTotal = isFixedTotal;
  }

  get beginMs(): number {
    return this.#beginMs;
  }

  begin(nowMs: number): void {
    this.#beginMs = nowMs;
    this.#lastMs = nowMs;
  }

  end(nowMs: number): void {
    this.#endMs = nowMs;
    this.#closeGap(nowMs);
  }

  /** An operation has succeeded. It counts `weight` times, and was to start at `startMs`. */
  onSuccess(series: number, weight: number, startMs: number, nowMs: number): void {
    const target = this.#series[series] as Series;
    const isStartIn = startMs >= this.#beginMs && startMs < this.#endMs;
    const isEndIn = nowMs >= this.#beginMs && nowMs < this.#endMs;
    if (isStartIn) target.latencies.add(nowMs - startMs);
    if (this.#isFixedTotal ? isStartIn : isEndIn) target.completed += weight;
    if (isEndIn) this.#closeGap(nowMs);
  }

  onFailure(error: Error, startMs: number, nowMs: number): void {
    const isIn = this.#isFixedTotal
      ? startMs >= this.#beginMs
      : nowMs >= this.#beginMs && startMs < this.#endMs;
    if (!isIn) return;
    const name =
      error instanceof CallError ? (statusNames.get(error.code) ?? 'UNKNOWN') : error.name;
    this.#errors[name] = (this.#errors[name] ?? 0) + 1;
  }

  /** Calls that had no answer in the time that they had. */
  onUnanswered(count: number): void {
    if (count > 0) this.#errors.UNANSWERED = (this.#errors.UNANSWERED ?? 0) + count;
  }

  /** Events that were due and did not come. */
  onMissing(count: number): void {
    if (count > 0) this.#errors.MISSING_EVENTS = (this.#errors.MISSING_EVENTS ?? 0) + count;
  }

  /** Whether nothing has succeeded for so long. */
  isStalled(sinceMs: number): boolean {
    return performance.now() - this.#lastMs > sinceMs;
  }

  #closeGap(nowMs: number): void {
    const gapMs = nowMs - this.#lastMs;
    if (gapMs > this.#longestGapMs) {
      this.#longestGapMs = gapMs;
      this.#longestGapAtMs = nowMs - this.#beginMs;
    }
    this.#lastMs = nowMs;
  }

  /** What came since the last snapshot; the longest gap is of the whole measurement. */
  snapshot(nowMs: number): MeterSnapshot {
    const series = this.#series.map((each) => {
      const { name, completed } = each;
      const snapshot = { name, completed, latencies: each.latencies.counts() };
      each.completed = 0;
      each.latencies.reset();
      return snapshot;
    });
    const errors = this.#errors;
    this.#errors = {};
    return {
      atMs: nowMs - this.#beginMs,
      series,
      errors,
      longestGapMs: this.#longestGapMs,
      longestGapAtMs: this.#longestGapAtMs,
    };
  }
}
