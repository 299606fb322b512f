import type { Node } from '../../../api/gen/core-v1.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import type { KubeObject } from '../../../machinery/object.js';
import type { ClusterEvent, ClusterEventInterest } from '../../framework/cluster-event.js';
import type { PodInfo } from '../../framework/node-info.js';
import { hasAllLabels, type SpreadQuery } from './spread-query.js';

/** Changes that may even out what was too uneven for a pod. */
export function spreadEvents(
  queryOf: (pod: PodInfo) => SpreadQuery | null,
): readonly ClusterEventInterest[] {
  return [
    {
      resource: 'AssignedPod',
      actions: ['add', 'delete', 'update-pod-label'],
      hint: (pod, event) => afterPod(queryOf(pod), event),
    },
    {
      resource: 'UnscheduledPod',
      actions: ['update-pod-label', 'update-pod-toleration'],
      hint: (pod, { after }) => (after?.metadata.uid === pod.uid ? 'queue' : 'skip'),
    },
    {
      resource: 'Node',
      actions: ['add', 'delete', 'update-node-label', 'update-node-taint'],
      hint: (pod, event) => afterNode(queryOf(pod), event),
    },
  ];
}

function afterPod(query: SpreadQuery | null, { before, after }: ClusterEvent): 'queue' | 'skip' {
  if (query === null) return 'queue';
  const changes = query.constraints.some(
    ({ selector }) => selects(query, selector, before) !== selects(query, selector, after),
  );
  return changes ? 'queue' : 'skip';
}

function selects(
  { namespace }: SpreadQuery,
  selector: SpreadQuery['constraints'][number]['selector'],
  pod: KubeObject | null,
): boolean {
  if (pod === null || pod.metadata.namespace !== namespace) return false;
  return selector.matches(pod.metadata.labels);
}

function afterNode(query: SpreadQuery | null, { before, after }: ClusterEvent): 'queue' | 'skip' {
  if (query === null) return 'queue';
  const { constraints } = query;
  const was = before !== null && hasAllLabels(before as Node, constraints);
  const is = after !== null && hasAllLabels(after as Node, constraints);
  if (was !== is) return 'queue';
  if (!was || before === null || after === null) return 'skip';
  const isMoved = constraints.some(
    ({ topologyKey }) =>
      before.metadata.labels?.[topologyKey] !== after.metadata.labels?.[topologyKey],
  );
  const honours = constraints.some(({ honoursAffinity }) => honoursAffinity);
  const honoursTaints = constraints.some((each) => each.honoursTaints);
  if (isMoved || (honours && !deepEqual(before.metadata.labels, after.metadata.labels))) {
    return 'queue';
  }
  const taints = (node: KubeObject) => (node as Node).spec?.taints;
  return honoursTaints && !deepEqual(taints(before), taints(after)) ? 'queue' : 'skip';
}
