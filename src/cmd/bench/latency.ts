import { build, type Histogram } from 'hdr-histogram-js';

/** Counts by latency in microseconds, ascending: what goes between processes and into reports. */
export type LatencyCounts = readonly (readonly [us: number, count: number])[];

/** Times in milliseconds; null when there are none. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Three digits: a time is known to 0.1 %. */
const significantDigits = 3;

/** A histogram of latencies (HdrHistogram): in microseconds, to three digits, without an upper bound. */
export class Latencies {
  readonly #histogram: Histogram = build({
    bitBucketSize: 64,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: significantDigits,
    useWebAssembly: false,
  });

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** Takes in a time in milliseconds; less than a microsecond counts as one. */
  add(ms: number, count = 1): void {
    const us = Math.max(1, Math.round(ms * 1000));
    if (count === 1) this.#histogram.recordValue(us);
    else this.#histogram.recordValueWithCount(us, count);
  }

  addCounts(counts: LatencyCounts): void {
    for (const [us, count] of counts) this.#histogram.recordValueWithCount(us, count);
  }

  /** The time in milliseconds that this percentage stayed at or below. */
  percentileMs(percent: number): number {
    return this.#histogram.getValueAtPercentile(percent) / 1000;
  }

  summary(): LatencySummary | null {
    if (this.count === 0) return null;
    return {
      count: this.count,
      mean: round(this.#histogram.mean / 1000),
      p50: this.percentileMs(50),
      p90: this.percentileMs(90),
      p99: this.percentileMs(99),
      p999: this.percentileMs(99.9),
      max: this.percentileMs(100),
    };
  }

  counts(): LatencyCounts {
    const counts: [number, number][] = [];
    const iterator = (this.#histogram as RecordedValues).recordedValuesIterator;
    iterator.reset();
    while (iterator.hasNext()) {
      const { valueIteratedTo, countAtValueIteratedTo } = iterator.next();
      counts.push([valueIteratedTo, countAtValueIteratedTo]);
    }
    return counts;
  }

  reset(): void {
    this.#histogram.reset();
  }
}

/** What the pure-JavaScript histograms offer besides. */
interface RecordedValues extends Histogram {
  readonly recordedValuesIterator: {
    reset(): void;
    hasNext(): boolean;
    next(): { readonly valueIteratedTo: number; readonly countAtValueIteratedTo: number };
  };
}

/** Microseconds are the resolution. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
