import { isPodReady, podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';

/** Carried by pods: those with a lower number go first. */
export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

/** A pod, and how many of its kind share its node. */
export interface RankedPod {
  readonly pod: Pod;
  readonly podsOnNode: number;
}

/**
 * Pods in the order in which too many of them go: those that do the least first. On no node, pending, not ready, cheap to delete, with
 * others on its node, ready for a short time, often restarted, young. Times are compared by their magnitude (the logarithm of the
 * age), so that among pods of about the same age chance (the UID) decides, and not the order in which they were made.
 */
export function inDeletionOrder(ranked: readonly RankedPod[], nowMs: number): readonly Pod[] {
  return [...ranked].sort((a, b) => compare(a, b, nowMs)).map(({ pod }) => pod);
}

/** Each pod with the number of `related` pods on its node. */
export function withPodsOnNode(pods: readonly Pod[], related: readonly Pod[]): RankedPod[] {
  const counts = new Map<string, number>();
  for (const { spec } of related) {
    const node = spec?.nodeName ?? '';
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return pods.map((pod) => ({ pod, podsOnNode: counts.get(pod.spec?.nodeName ?? '') ?? 0 }));
}

/** Negative: `a` goes before `b`. */
function compare(a: RankedPod, b: RankedPod, nowMs: number): number {
  return (
    Number(isAssigned(a.pod)) - Number(isAssigned(b.pod)) ||
    phaseOrder(a.pod) - phaseOrder(b.pod) ||
    Number(isPodReady(a.pod)) - Number(isPodReady(b.pod)) ||
    deletionCost(a.pod) - deletionCost(b.pod) ||
    b.podsOnNode - a.podsOnNode ||
    (isPodReady(a.pod) ? compareTimes(a.pod, b.pod, readyTime, nowMs) : 0) ||
    restarts(b.pod, 'Main') - restarts(a.pod, 'Main') ||
    restarts(b.pod, 'Sidecar') - restarts(a.pod, 'Sidecar') ||
    compareTimes(a.pod, b.pod, creationTime, nowMs)
  );
}

function isAssigned({ spec }: Pod): boolean {
  return (spec?.nodeName ?? '') !== '';
}

const phaseOrders: ReadonlyMap<string, number> = new Map([
  ['Pending', 0],
  ['Unknown', 1],
  ['Running', 2],
]);

function phaseOrder({ status }: Pod): number {
  return phaseOrders.get(status?.phase ?? '') ?? 0;
}

/** 0 when there is none, or none that is a 32-bit integer as Go writes it. */
function deletionCost({ metadata }: Pod): number {
  const text = metadata.annotations?.[deletionCostAnnotation] ?? '';
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : 0;
}

function restarts({ spec, status }: Pod, of: 'Main' | 'Sidecar'): number {
  const counts =
    of === 'Main' ? (status?.containerStatuses ?? []) : (status?.initContainerStatuses ?? []);
  const sidecars = new Set(
    spec?.initContainers
      ?.filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  return Math.max(
    0,
    ...counts
      .filter(({ name }) => of === 'Main' || sidecars.has(name))
      .map(({ restartCount = 0 }) => restartCount),
  );
}

function readyTime(pod: Pod): number | null {
  return parseTime(podCondition(pod, 'Ready')?.lastTransitionTime ?? '');
}

function creationTime({ metadata }: Pod): number | null {
  return parseTime(metadata.creationTimestamp ?? '');
}

/** The later time goes first, and no time before any. */
function compareTimes(a: Pod, b: Pod, timeOf: (pod: Pod) => number | null, nowMs: number): number {
  const [timeA, timeB] = [timeOf(a), timeOf(b)];
  if (timeA === timeB) return 0;
  if (timeA === null) return -1;
  if (timeB === null) return 1;
  const difference = magnitude(nowMs - timeA) - magnitude(nowMs - timeB);
  if (difference !== 0) return difference;
  return (a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1;
}

/** The whole binary logarithm of an age, in nanoseconds as Kubernetes counts; -1 for what is not past. */
function magnitude(ageMs: number): number {
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * 1e6)) : -1;
}
