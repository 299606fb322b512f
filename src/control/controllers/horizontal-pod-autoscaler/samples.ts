/** What was measured of a pod. Amounts are in thousandths. */
export interface PodSample {
  readonly value: number;
  /** Wall-clock milliseconds. */
  readonly atMs: number;
  /** Measured over so long before. */
  readonly windowMs: number;
}

/** Samples by the names of pods. */
export type PodSamples = ReadonlyMap<string, PodSample>;

/** A metric that cannot be had, or that says nothing. Its text goes into conditions and events. */
export class MetricError extends Error {
  override readonly name = 'MetricError';
}
