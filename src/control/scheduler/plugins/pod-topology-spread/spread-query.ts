import type { Node, Pod, TopologySpreadConstraint } from '../../../api/gen/core-v1.js';
import { isRequirement, labelRequirement } from '../../../machinery/label-requirement.js';
import { LabelSelector, labelSelectorOf } from '../../../machinery/label-selector.js';
import { labelOf } from '../../../machinery/labels.js';
import { RequiredNodeAffinity } from '../required-node-affinity.js';
import { selectorText } from '../selector-text.js';
import { hasUntoleratedTaint } from '../tolerations.js';

/** Nodes are domains of their own by this label. */
export const hostnameLabel = 'kubernetes.io/hostname';

/** A constraint on how pods spread, ready to be counted. */
export interface SpreadConstraint {
  readonly topologyKey: string;
  /** Which pods of the namespace count. */
  readonly selector: LabelSelector;
  readonly maxSkew: number;
  /** With fewer domains than that, an empty one is taken to be somewhere. At least 1. */
  readonly minDomains: number;
  readonly honoursAffinity: boolean;
  readonly honoursTaints: boolean;
  /** The pod itself counts. */
  readonly selectsPod: boolean;
}

/** Everything that counts of pods by topology depend on, but the nodes. */
export interface SpreadQuery {
  /** Equal for queries that count the same. */
  readonly key: string;
  readonly namespace: string;
  readonly constraints: readonly SpreadConstraint[];
  /** Only nodes with the labels of all constraints count; otherwise those without count as one domain. */
  readonly requiresAllLabels: boolean;
  /** Whether a node is one of those that the constraint is about. */
  isIncluded(constraint: SpreadConstraint, node: Node): boolean;
}

/** A query of a pod; null without constraints. */
export function spreadQueryOf(
  pod: Pod,
  constraints: readonly SpreadConstraint[],
  requiresAllLabels: boolean,
): SpreadQuery | null {
  if (constraints.length === 0) return null;
  const affinity = new RequiredNodeAffinity(pod);
  const tolerations = pod.spec?.tolerations;
  const namespace = pod.metadata.namespace ?? '';
  const honoursTaints = constraints.some((each) => each.honoursTaints);
  return {
    key: JSON.stringify([
      namespace,
      requiresAllLabels,
      constraints.map(constraintKey),
      pod.spec?.nodeSelector,
      pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution,
      honoursTaints ? tolerations : null,
    ]),
    namespace,
    constraints,
    requiresAllLabels,
    isIncluded: (constraint, node) =>
      (!constraint.honoursAffinity || affinity.isEverything || affinity.matches(node)) &&
      (!constraint.honoursTaints || !hasUntoleratedTaint(node.spec?.taints, tolerations)),
  };
}

function constraintKey(constraint: SpreadConstraint): unknown {
  const { topologyKey, selector, honoursAffinity, honoursTaints } = constraint;
  return [topologyKey, selectorText(selector), honoursAffinity, honoursTaints];
}

/** Constraints of one action, with their own selectors or, when there is one, with `selector`. */
export function spreadConstraintsOf(
  pod: Pod,
  constraints: readonly TopologySpreadConstraint[],
  action: 'DoNotSchedule' | 'ScheduleAnyway',
  selector: LabelSelector | null = null,
): readonly SpreadConstraint[] {
  return constraints
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((constraint) => {
      const own = selector ?? selectorOf(pod, constraint);
      return {
        topologyKey: constraint.topologyKey ?? '',
        selector: own,
        maxSkew: constraint.maxSkew ?? 1,
        minDomains: constraint.minDomains ?? 1,
        honoursAffinity: (constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor',
        honoursTaints: constraint.nodeTaintsPolicy === 'Honor',
        selectsPod: own.matches(pod.metadata.labels),
      };
    });
}

/** With what `matchLabelKeys` stand for in this pod. The API has merged them into most selectors already; twice does no harm. */
function selectorOf({ metadata }: Pod, constraint: TopologySpreadConstraint): LabelSelector {
  const selector = labelSelectorOf(constraint.labelSelector);
  const added = (constraint.matchLabelKeys ?? []).flatMap((key) => {
    const value = labelOf(metadata.labels, key);
    const requirement = value === undefined ? [] : labelRequirement(key, '=', [value]);
    return isRequirement(requirement) ? [requirement] : [];
  });
  if (added.length === 0 || selector.isNothing) return selector;
  return new LabelSelector([...selector.requirements, ...added]);
}

/** Whether a node has the labels of all constraints. */
export function hasAllLabels(node: Node, constraints: readonly SpreadConstraint[]): boolean {
  const { labels } = node.metadata;
  for (const { topologyKey } of constraints) {
    if (labelOf(labels, topologyKey) === undefined) return false;
  }
  return true;
}
