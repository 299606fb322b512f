import type { Pod } from '../../../api/gen/core-v1.js';
import { affinityTermsOf } from '../../framework/affinity-terms.js';
import type { ClusterEvent, ClusterEventInterest } from '../../framework/cluster-event.js';
import type { PodInfo } from '../../framework/node-info.js';
import type { NamespaceLabels } from './namespace-labels.js';
import { allTermsMatch, termMatches } from './term-matching.js';

/** Changes that may bring a pod near those that it wants, or away from those that it does not. */
export function affinityEvents(namespaces: NamespaceLabels): readonly ClusterEventInterest[] {
  return [
    {
      resource: 'AssignedPod',
      actions: ['add', 'delete', 'update-pod-label'],
      hint: (pod, event) => afterPod(pod, event, namespaces),
    },
    {
      resource: 'UnscheduledPod',
      actions: ['update-pod-label'],
      hint: (pod, { after }) => (after?.metadata.uid === pod.uid ? 'queue' : 'skip'),
    },
    { resource: 'Node', actions: ['add', 'update-node-label'], hint: afterNode },
  ];
}

function afterPod(
  waiting: PodInfo,
  { before, after }: ClusterEvent,
  namespaces: NamespaceLabels,
): 'queue' | 'skip' {
  const { requiredAffinity, requiredAntiAffinity, pod } = waiting;
  const isWanted = (other: Pod | null) =>
    other !== null && allTermsMatch(requiredAffinity, other, namespaces);
  const isUnwanted = (other: Pod | null) =>
    other !== null && requiredAntiAffinity.some((term) => termMatches(term, other, namespaces));
  const [was, is] = [before as Pod | null, after as Pod | null];
  if (isWanted(is) && !isWanted(was)) return 'queue';
  if (isUnwanted(was) && !isUnwanted(is)) return 'queue';
  if (was === null || is !== null) return 'skip';
  // The last one is gone: the first of its kind may go anywhere.
  if (isWanted(was)) return 'queue';
  const { required } = affinityTermsOf(was, was.spec?.affinity?.podAntiAffinity);
  return required.some((term) => termMatches(term, pod, namespaces)) ? 'queue' : 'skip';
}

function afterNode(
  { requiredAffinity, requiredAntiAffinity }: PodInfo,
  { before, after }: ClusterEvent,
): 'queue' | 'skip' {
  const labels = after?.metadata.labels ?? {};
  if (requiredAffinity.some(({ topologyKey }) => labels[topologyKey] === undefined)) return 'skip';
  if (before === null) return 'queue';
  const terms = [...requiredAffinity, ...requiredAntiAffinity];
  // Without terms of its own it is terms of others that keep the pod away; they may be by any label.
  if (terms.length === 0) return 'queue';
  const old = before.metadata.labels ?? {};
  return terms.some(({ topologyKey }) => old[topologyKey] !== labels[topologyKey])
    ? 'queue'
    : 'skip';
}
