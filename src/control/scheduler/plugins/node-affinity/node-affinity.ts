import type { Node, NodeSelectorTerm } from '../../../api/gen/core-v1.js';
import type { KubeObject } from '../../../machinery/object.js';
import type { ClusterEvent } from '../../framework/cluster-event.js';
import type { PodInfo } from '../../framework/node-info.js';
import type { Plugin, PluginStatus, PreFilterResult } from '../../framework/plugin.js';
import { scaleScores } from '../normalize-scores.js';
import { PerTemplate } from '../per-template.js';
import { RequiredNodeAffinity } from '../required-node-affinity.js';
import { unresolvable } from '../statuses.js';
import { nodeAffinityArgs, type PreferredNodes, preferredNodesOf } from './node-affinity-args.js';

const otherNodes = unresolvable("node(s) didn't match Pod's node affinity/selector");
const otherEnforcedNodes = unresolvable("node(s) didn't match scheduler-enforced node affinity");
const conflict = unresolvable('pod affinity terms conflict');

/** What a template's pods ask of nodes. */
interface NodeWishes {
  readonly required: RequiredNodeAffinity;
  /** What `preFilter` answers. */
  readonly verdict: PreFilterResult | PluginStatus | 'skip' | null;
  readonly preferred: readonly PreferredNodes[];
}

/** Node selectors, required and preferred node affinity of pods, and what the arguments add to them. */
export function nodeAffinity(args: unknown): Plugin {
  const added = nodeAffinityArgs(args);
  const wishes = new PerTemplate((pod) => wishesOf(pod, added.required !== null));
  const matches = (pod: PodInfo, node: KubeObject | null) =>
    node !== null && wishes.of(pod).required.matches(node as Node);
  return {
    name: 'NodeAffinity',
    filterLocality: 'demand',
    scoreLocality: 'demand',
    eventsToRegister: () => [
      {
        resource: 'Node',
        actions: ['add', 'update-node-label'],
        hint(pod: PodInfo, { before, after }: ClusterEvent) {
          if (added.required?.matches(after as Node) === false) return 'skip';
          return matches(pod, after) && !matches(pod, before) ? 'queue' : 'skip';
        },
      },
    ],
    preFilter: (_, pod) => wishes.of(pod).verdict,
    filter(_, pod, { node }) {
      if (added.required !== null && !added.required.matches(node)) return otherEnforcedNodes;
      return wishes.of(pod).required.matches(node) ? null : otherNodes;
    },
    preScore: (_, pod) =>
      wishes.of(pod).preferred.length + added.preferred.length === 0 ? 'skip' : null,
    score(_, pod, { node }) {
      return weightOf(added.preferred, node) + weightOf(wishes.of(pod).preferred, node);
    },
    normalizeScores: (_state, _pod, _nodes, scores) => scaleScores(scores, false),
  };
}

function weightOf(preferred: readonly PreferredNodes[], node: Node): number {
  let sum = 0;
  for (const { term, weight } of preferred) if (term.matches(node)) sum += weight;
  return sum;
}

function wishesOf({ pod }: PodInfo, isAdded: boolean): NodeWishes {
  const required = new RequiredNodeAffinity(pod);
  const affinity = pod.spec?.affinity?.nodeAffinity;
  return {
    required,
    verdict:
      required.isEverything && !isAdded
        ? 'skip'
        : namedNodes(affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms),
    preferred: preferredNodesOf(affinity),
  };
}

/** The nodes that all terms together name, if each of them names some. */
function namedNodes(
  terms: readonly NodeSelectorTerm[] | undefined,
): PreFilterResult | PluginStatus | null {
  if (terms === undefined || terms.length === 0) return null;
  const nodeNames = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const lists = matchFields
      .filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
      .map(({ values = [] }) => values);
    const [first, ...others] = lists;
    if (first === undefined) return null;
    for (const name of first) if (others.every((list) => list.includes(name))) nodeNames.add(name);
  }
  return nodeNames.size === 0 ? conflict : { nodeNames };
}
