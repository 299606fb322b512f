import type { Node, Taint, Toleration } from '../../../api/gen/core-v1.js';
import type { KubeObject } from '../../../machinery/object.js';
import type { Plugin } from '../../framework/plugin.js';
import { unresolvable } from '../statuses.js';
import { isTolerated } from '../tolerations.js';

const cordoned = unresolvable('node(s) were unschedulable');
const cordonTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Keeps pods off cordoned nodes, unless they tolerate the taint that says the same. */
export function nodeUnschedulable(): Plugin {
  return {
    name: 'NodeUnschedulable',
    filterLocality: 'demand',
    eventsToRegister: () => [
      {
        resource: 'Node',
        actions: ['add', 'update-node-taint'],
        hint: (_, { before, after }) =>
          isCordoned(after) || (before !== null && !isCordoned(before)) ? 'skip' : 'queue',
      },
      {
        resource: 'UnscheduledPod',
        actions: ['update-pod-toleration'],
        hint: (pod, { after }) =>
          after?.metadata.uid === pod.uid && isTolerated(cordonTaint, tolerationsOf(after))
            ? 'queue'
            : 'skip',
      },
    ],
    filter(_, { pod }, { node }) {
      if (node.spec?.unschedulable !== true) return null;
      return isTolerated(cordonTaint, pod.spec?.tolerations) ? null : cordoned;
    },
  };
}

function isCordoned(node: KubeObject | null): boolean {
  return (node as Node | null)?.spec?.unschedulable === true;
}

function tolerationsOf(pod: KubeObject): readonly Toleration[] | undefined {
  return (pod as { readonly spec?: { readonly tolerations?: Toleration[] } }).spec?.tolerations;
}
