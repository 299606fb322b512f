/** How ready a version is, from its name. */
export type VersionStability = 'ga' | 'beta' | 'alpha' | 'unknown';

const pattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const ranks: Readonly<Record<VersionStability, number>> = { ga: 0, beta: 1, alpha: 2, unknown: 3 };

/** `v1` is ga, `v2beta1` beta; what does not look like a version of Kubernetes is unknown. */
export function stabilityOf(version: string): VersionStability {
  const match = pattern.exec(version);
  if (match === null) return 'unknown';
  if (match[2] === undefined) return 'ga';
  return match[2] === 'beta' ? 'beta' : 'alpha';
}

/**
 * Sorts versions as Kubernetes prefers them: ga, beta, alpha, newest first in each (v10 before v2), then other names in order of the
 * alphabet.
 */
export function compareVersions(a: string, b: string): number {
  const byRank = ranks[stabilityOf(a)] - ranks[stabilityOf(b)];
  if (byRank !== 0) return byRank;
  const [left, right] = [pattern.exec(a), pattern.exec(b)];
  if (left === null || right === null) return a < b ? -1 : a > b ? 1 : 0;
  return Number(right[1]) - Number(left[1]) || Number(right[3] ?? 0) - Number(left[3] ?? 0);
}
