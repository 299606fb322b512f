import { isPodReady, podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Job } from '../../api/gen/batch-v1.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { isIndexed, validIndexOf } from './pod-marks.js';

/**
 * Which active pods are too many: of an Indexed job those without an index that it has and all but one of each index, and of any
 * job at least `countMin`, those first that are least far.
 */
export function surplusPods(job: Job, active: readonly Pod[], countMin: number): readonly Pod[] {
  const { surplus, left } = isIndexed(job) ? repeated(job, active) : { surplus: [], left: active };
  const more = Math.max(0, countMin - surplus.length);
  return [...surplus, ...[...left].sort(byProgress).slice(0, more)];
}

function repeated(
  job: Job,
  active: readonly Pod[],
): { readonly surplus: readonly Pod[]; readonly left: readonly Pod[] } {
  const surplus: Pod[] = [];
  const byIndex = new Map<number, Pod[]>();
  for (const pod of active) {
    const index = validIndexOf(pod, job);
    if (index === undefined) surplus.push(pod);
    else byIndex.set(index, [...(byIndex.get(index) ?? []), pod]);
  }
  const left: Pod[] = [];
  for (const pods of byIndex.values()) {
    const sorted = pods.sort(byProgress);
    surplus.push(...sorted.slice(0, -1));
    left.push(...sorted.slice(-1));
  }
  return { surplus, left };
}

/** On a node, running, ready, ready for long, restarted seldom, and old: the further, the later. */
function byProgress(a: Pod, b: Pod): number {
  return compare(progressOf(a), progressOf(b));
}

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** Each number is the greater, the further the pod is. */
function progressOf(pod: Pod): readonly number[] {
  const { metadata, spec, status } = pod;
  const isReady = isPodReady(pod);
  const readySince = isReady ? podCondition(pod, 'Ready')?.lastTransitionTime : undefined;
  const restarts = Math.max(
    0,
    ...(status?.containerStatuses ?? []).map(({ restartCount = 0 }) => restartCount),
  );
  return [
    spec?.nodeName ? 1 : 0,
    phaseRank[status?.phase ?? 'Pending'] ?? 0,
    isReady ? 1 : 0,
    -timeMs(readySince),
    -restarts,
    -timeMs(metadata.creationTimestamp),
  ];
}

function timeMs(text: string | undefined): number {
  const ms = Date.parse(text ?? '');
  return Number.isFinite(ms) ? ms : Number.MAX_SAFE_INTEGER;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const other = b[at] ?? 0;
    if (value !== other) return value - other;
  }
  return 0;
}
