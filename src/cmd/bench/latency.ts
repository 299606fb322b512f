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

/** Times below 2^31 us are counted by their first eleven binary digits, as the histogram would group them. */
const digitsKept = 11;
const groupsPerShift = 2 ** (digitsKept - 1);
const quickUsMax = 2 ** 31 - 1;
const quickGroups = groupsPerShift * (31 - digitsKept + 2);

/**
 * A histogram of latencies (HdrHistogram): in microseconds, to three digits, without an upper bound. What is taken in one by one
 * is counted in an array at first, because a load may have a million a second; it goes into the histogram before that is asked.
 */
export class Latencies {
  /** By group how many times were taken in that the histogram does not have yet; null: none. */
  #quick: Uint32Array | null = null;
  readonly #histogram: Histogram = build({
    bitBucketSize: 64,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: significantDigits,
    useWebAssembly: false,
  });

  get count(): number {
    return this.#settled().totalCount;
  }

  /** Takes in a time in milliseconds; less than a microsecond counts as one. */
  add(ms: number, count = 1): void {
    const us = Math.max(1, Math.round(ms * 1000));
    if (us > quickUsMax) {
      this.#histogram.recordValueWithCount(us, count);
      return;
    }
    const shift = Math.max(0, 32 - Math.clz32(us) - digitsKept);
    const group = shift * groupsPerShift + (us >>> shift);
    this.#quick ??= new Uint32Array(quickGroups);
    this.#quick[group] = (this.#quick[group] as number) + count;
  }

  addCounts(counts: LatencyCounts): void {
    for (const [us, count] of counts) this.#histogram.recordValueWithCount(us, count);
  }

  /** The time in milliseconds that this percentage stayed at or below. */
  percentileMs(percent: number): number {
    return this.#settled().getValueAtPercentile(percent) / 1000;
  }

  summary(): LatencySummary | null {
    if (this.count === 0) return null;
    return {
      count: this.count,
      mean: round(this.#settled().mean / 1000),
      p50: this.percentileMs(50),
      p90: this.percentileMs(90),
      p99: this.percentileMs(99),
      p999: this.percentileMs(99.9),
      max: this.percentileMs(100),
    };
  }

  counts(): LatencyCounts {
    const counts: [number, number][] = [];
    const iterator = (this.#settled() as RecordedValues).recordedValuesIterator;
    iterator.reset();
    while (iterator.hasNext()) {
      const { valueIteratedTo, countAtValueIteratedTo } = iterator.next();
      counts.push([valueIteratedTo, countAtValueIteratedTo]);
    }
    return counts;
  }

  reset(): void {
    this.#quick = null;
    this.#histogram.reset();
  }

  /** The histogram with all that was taken in. */
  #settled(): Histogram {
    const quick = this.#quick;
    this.#quick = null;
    quick?.forEach((count, group) => {
      if (count === 0) return;
      const shift = Math.max(0, Math.floor(group / groupsPerShift) - 1);
      const us = (group - shift * groupsPerShift) * 2 ** shift;
      this.#histogram.recordValueWithCount(us, count);
    });
    return this.#histogram;
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
