import type { Node, Pod, Taint, Toleration } from '../../../api/gen/core-v1.js';
import type { Plugin } from '../../framework/plugin.js';
import { scaleScores } from '../normalize-scores.js';
import { unresolvable } from '../statuses.js';
import { hasUntoleratedTaint, isTolerated } from '../tolerations.js';

const untolerated = unresolvable('node(s) had untolerated taint(s)');

/** Keeps pods off nodes whose taints they do not tolerate, and prefers nodes with fewer taints that only ask them to stay away. */
export function taintToleration(): Plugin {
  return {
    name: 'TaintToleration',
    filterLocality: 'demand',
    scoreLocality: 'demand',
    eventsToRegister: () => [
      {
        resource: 'Node',
        actions: ['add', 'update-node-taint'],
        hint: ({ pod }, { before, after }) => {
          const isKeptOff = (node: Node) =>
            hasUntoleratedTaint(node.spec?.taints, tolerationsOf(pod));
          if (after !== null && isKeptOff(after as Node)) return 'skip';
          return before === null || isKeptOff(before as Node) ? 'queue' : 'skip';
        },
      },
      {
        resource: 'UnscheduledPod',
        actions: ['update-pod-toleration'],
        hint: (pod, { after }) => (after?.metadata.uid === pod.uid ? 'queue' : 'skip'),
      },
    ],
    filter: (_, { pod }, { node }) =>
      hasUntoleratedTaint(node.spec?.taints, pod.spec?.tolerations) ? untolerated : null,
    score: (_, { pod }, { node }) => unwelcoming(node.spec?.taints, pod.spec?.tolerations),
    normalizeScores: (_state, _pod, _nodes, scores) => scaleScores(scores, true),
  };
}

function tolerationsOf(pod: Pod): readonly Toleration[] | undefined {
  return pod.spec?.tolerations;
}

/** How many `PreferNoSchedule` taints are not tolerated. */
function unwelcoming(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
): number {
  if (taints === undefined) return 0;
  let count = 0;
  for (const taint of taints) {
    if (taint.effect === 'PreferNoSchedule' && !isTolerated(taint, tolerations)) count++;
  }
  return count;
}
