/** Latencies in buckets that grow by 2 % each: percentiles to 2 %, in little memory, and cheap to send between processes. */
export class Latencies {
  readonly #counts: Map<number, number>;
  #total = 0;

  constructor(buckets: readonly (readonly [bucket: number, count: number])[] = []) {
    this.#counts = new Map(buckets);
    for (const [, count] of buckets) this.#total += count;
  }

  get total(): number {
    return this.#total;
  }

  add(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.max(ms, 0.001)) / growth);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total++;
  }

  merge(other: Latencies): void {
    for (const [bucket, count] of other.buckets()) {
      this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    }
    this.#total += other.total;
  }

  /** The latency in milliseconds that a share of the requests stayed below; NaN when there were none. */
  percentile(share: number): number {
    let left = share * this.#total;
    for (const [bucket, count] of this.buckets()) {
      left -= count;
      if (left <= 0) return Math.exp(bucket * growth);
    }
    return Number.NaN;
  }

  /** Buckets by ascending latency. */
  buckets(): (readonly [bucket: number, count: number])[] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

const growth = Math.log(1.02);
