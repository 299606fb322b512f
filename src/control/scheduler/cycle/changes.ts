import type { Node, Pod } from '../../api/gen/core-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { addAmounts } from '../framework/amounts.js';
import type { ClusterEvent, EventAction } from '../framework/cluster-event.js';
import type { ResourceAmounts } from '../framework/node-info.js';
import { isResizeInfeasible, podRequestsOf } from '../framework/pod-requests.js';
import { saysResources } from '../framework/template-key.js';

/** What of a node's change may let pods fit, each as its own event. Heartbeats are none. */
export function nodeChanges(before: Node, after: Node): readonly ClusterEvent[] {
  const actions: EventAction[] = [];
  const has = (action: EventAction, isChanged: boolean) => {
    if (isChanged) actions.push(action);
  };
  const { spec = {}, status = {}, metadata } = after;
  has('update-node-allocatable', !deepEqual(before.status?.allocatable, status.allocatable));
  has('update-node-label', !deepEqual(before.metadata.labels, metadata.labels));
  has(
    'update-node-taint',
    !deepEqual(before.spec?.taints, spec.taints) ||
      (before.spec?.unschedulable ?? false) !== (spec.unschedulable ?? false),
  );
  has('update-node-condition', !deepEqual(conditionsOf(before), conditionsOf(after)));
  has('update-node-annotation', !deepEqual(before.metadata.annotations, metadata.annotations));
  return actions.map((action) => ({ resource: 'Node', action, before, after }));
}

/** What of a pod's change may let it, or others, fit. */
export function podChanges(
  resource: 'AssignedPod' | 'UnscheduledPod',
  before: Pod,
  after: Pod,
): readonly ClusterEvent[] {
  const actions: EventAction[] = [];
  if (!deepEqual(before.metadata.labels, after.metadata.labels)) actions.push('update-pod-label');
  if (asksForLess(before, after)) actions.push('update-pod-scale-down');
  if (!deepEqual(before.spec?.tolerations, after.spec?.tolerations))
    actions.push('update-pod-toleration');
  const gates = (pod: Pod) => pod.spec?.schedulingGates?.length ?? 0;
  if (gates(before) > 0 && gates(after) === 0)
    actions.push('update-pod-scheduling-gates-eliminated');
  if (!deepEqual(before.status?.resourceClaimStatuses, after.status?.resourceClaimStatuses))
    actions.push('update');
  return actions.map((action) => ({ resource, action, before, after }));
}

function conditionsOf({ status }: Node): Readonly<Record<string, string | undefined>> {
  const conditions = status?.conditions ?? [];
  return Object.fromEntries(conditions.map(({ type = '', status: is }) => [type, is]));
}

/** What statuses say of resources: little else changes as often as the rest of them. */
function resizesOf({ status }: Pod) {
  const containers = (status?.containerStatuses ?? [])
    .filter(saysResources)
    .map(({ name, resources, allocatedResources }) => ({
      ...{ name, requests: resources?.requests, allocatedResources },
    }));
  return { containers, isInfeasible: isResizeInfeasible(status?.conditions) };
}

function asksForLess(before: Pod, after: Pod): boolean {
  if (before.spec === after.spec) return false;
  const isSame =
    deepEqual(before.spec?.containers, after.spec?.containers) &&
    deepEqual(before.spec?.resources, after.spec?.resources) &&
    deepEqual(resizesOf(before), resizesOf(after));
  if (isSame) return false;
  const difference: ResourceAmounts = podRequestsOf(after).requests;
  addAmounts(difference, podRequestsOf(before).requests, -1);
  const { milliCpu, memoryBytes, ephemeralStorageBytes, scalars } = difference;
  return [milliCpu, memoryBytes, ephemeralStorageBytes, ...(scalars?.values() ?? [])].some(
    (amount) => amount < 0,
  );
}
