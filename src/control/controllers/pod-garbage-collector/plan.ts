import { isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Node, Pod } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';

/** What there is. */
export interface PodsAndNodes {
  readonly pods: readonly Pod[];
  readonly nodes: ReadonlyMap<string, Node>;
  /** Pods that have ended and may stay. 0 or less: any number. */
  readonly terminatedMax: number;
}

/** Pods to delete at once, by why. */
export interface Garbage {
  /** Ended long ago, and there are too many of them. */
  readonly terminated: readonly Pod[];
  /** Being deleted on a node that is out of service: nobody else can finish that. */
  readonly outOfService: readonly Pod[];
  /** Being deleted, and never on a node. */
  readonly unscheduled: readonly Pod[];
  /** On nodes that do not exist; by the name of the node. */
  readonly orphaned: ReadonlyMap<string, readonly Pod[]>;
}

const outOfServiceTaint = 'node.kubernetes.io/out-of-service';

/** Finds pods that nobody else takes away. Pure. */
export function findGarbage({ pods, nodes, terminatedMax }: PodsAndNodes): Garbage {
  const orphaned = new Map<string, Pod[]>();
  for (const pod of pods) {
    const nodeName = pod.spec?.nodeName ?? '';
    if (nodeName === '' || nodes.has(nodeName)) continue;
    orphaned.set(nodeName, [...(orphaned.get(nodeName) ?? []), pod]);
  }
  const deleted = pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  return {
    terminated: tooManyTerminated(pods, terminatedMax),
    outOfService: deleted.filter(({ spec }) => isOutOfService(nodes.get(spec?.nodeName ?? ''))),
    unscheduled: deleted.filter(({ spec }) => (spec?.nodeName ?? '') === ''),
    orphaned,
  };
}

/** Evicted pods first, then the oldest. */
function tooManyTerminated(pods: readonly Pod[], max: number): readonly Pod[] {
  if (max <= 0) return [];
  const ended = pods.filter(
    (pod) => isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined,
  );
  const isEvicted = ({ status }: Pod) => status?.phase === 'Failed' && status.reason === 'Evicted';
  const createdMs = ({ metadata }: Pod) => parseTime(metadata.creationTimestamp ?? '') ?? 0;
  const order = (a: Pod, b: Pod) =>
    Number(isEvicted(b)) - Number(isEvicted(a)) ||
    createdMs(a) - createdMs(b) ||
    ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1);
  return ended.sort(order).slice(0, Math.max(0, ended.length - max));
}

/** Somebody says that the node is off for good, and it is not ready. */
function isOutOfService(node: Node | undefined): boolean {
  if (node === undefined) return false;
  const isMarked = node.spec?.taints?.some(({ key }) => key === outOfServiceTaint) ?? false;
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  return isMarked && ready?.status !== 'True';
}

/** The pod's status when it is ended by force; null when it has ended already. */
export function failedStatus(
  pod: Pod,
  { isOrphan, now }: { readonly isOrphan: boolean; readonly now: string },
): Pod['status'] | null {
  if (isPodTerminal(pod)) return null;
  const conditions = (pod.status?.conditions ?? []).filter(
    ({ type }) => !isOrphan || type !== 'DisruptionTarget',
  );
  const disrupted = {
    ...{ type: 'DisruptionTarget', status: 'True', lastTransitionTime: now },
    ...{ reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' },
  };
  return {
    ...pod.status,
    phase: 'Failed',
    conditions: isOrphan ? [...conditions, disrupted] : conditions,
  };
}
