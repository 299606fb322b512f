import type { Sample } from './prometheus.js';

/** Cumulative counts by upper bound, both rising; the last bound is infinite. */
export interface Histogram {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** Adds up the `_bucket` samples of a histogram that `wants` takes. */
export function sumHistogram(
  samples: readonly Sample[],
  name: string,
  wants: (labels: Readonly<Record<string, string>>) => boolean,
): Histogram {
  const byBound = new Map<number, number>();
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket` || !wants(sample.labels)) continue;
    const bound = sample.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(sample.labels.le);
    byBound.set(bound, (byBound.get(bound) ?? 0) + sample.value);
  }
  const bounds = [...byBound.keys()].sort((a, b) => a - b);
  return { bounds, counts: bounds.map((bound) => byBound.get(bound) ?? 0) };
}

/** What was counted since an earlier reading; all of it when the process has started anew between the two. */
export function histogramSince(later: Histogram, earlier: Histogram): Histogram {
  const before = new Map(earlier.bounds.map((bound, at) => [bound, earlier.counts[at] ?? 0]));
  const counts = later.bounds.map(
    (bound, at) => (later.counts[at] ?? 0) - (before.get(bound) ?? 0),
  );
  return counts.some((count) => count < 0) ? later : { bounds: later.bounds, counts };
}

/** How many were counted. */
export function histogramTotal({ counts }: Histogram): number {
  return counts.at(-1) ?? 0;
}

/**
 * The value below which a fraction of what was counted lies, taken as spread evenly within a bucket; null when nothing was counted.
 * In the last bucket, which has no end, it is where that begins.
 */
export function quantile(histogram: Histogram, fraction: number): number | null {
  const total = histogramTotal(histogram);
  if (total === 0) return null;
  const rank = fraction * total;
  const { bounds, counts } = histogram;
  const at = counts.findIndex((count) => count >= rank);
  const upper = bounds[at] ?? 0;
  const lower = at > 0 ? (bounds[at - 1] ?? 0) : 0;
  if (!Number.isFinite(upper)) return lower;
  const below = at > 0 ? (counts[at - 1] ?? 0) : 0;
  const inside = (counts[at] ?? 0) - below;
  return inside === 0 ? upper : lower + ((upper - lower) * (rank - below)) / inside;
}

/** The value below which a fraction of some values lies (nearest rank); null of none. */
export function quantileOf(values: readonly number[], fraction: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1));
  return sorted[at] ?? null;
}
