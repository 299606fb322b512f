/** The annotation that tells a kubelet how many seconds it may use Secrets and ConfigMaps from its cache. */
export const ttlAnnotation = 'node.alpha.kubernetes.io/ttl';

/** Sizes of clusters and their times. They overlap, so that a cluster at an edge does not go back and forth. */
const steps: readonly {
  readonly nodesMin: number;
  readonly nodesMax: number;
  readonly ttlSeconds: number;
}[] = [
  { nodesMin: 0, nodesMax: 100, ttlSeconds: 0 },
  { nodesMin: 90, nodesMax: 500, ttlSeconds: 15 },
  { nodesMin: 450, nodesMax: 1000, ttlSeconds: 30 },
  { nodesMin: 900, nodesMax: 2000, ttlSeconds: 60 },
  { nodesMin: 1800, nodesMax: 10_000, ttlSeconds: 300 },
  { nodesMin: 9000, nodesMax: Number.POSITIVE_INFINITY, ttlSeconds: 600 },
];

/** The time for a cluster of so many nodes that had `before` until now (null: none): it stays as long as its step allows. */
export function ttlSecondsFor(nodes: number, before: number | null): number {
  const fits = steps.filter(({ nodesMin, nodesMax }) => nodesMin <= nodes && nodes <= nodesMax);
  const kept = fits.find(({ ttlSeconds }) => ttlSeconds === before);
  if (kept !== undefined) return kept.ttlSeconds;
  // Who comes from below takes the first step that is large enough, who comes from above the last that is small enough.
  const isGrowing = before === null || (fits[0]?.ttlSeconds ?? 0) > before;
  return (isGrowing ? fits[0] : fits.at(-1))?.ttlSeconds ?? 0;
}
