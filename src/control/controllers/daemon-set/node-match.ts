import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
  Taint,
  Toleration,
} from '../../api/gen/core-v1.js';
import { type LabelOperator, meetsRequirement } from '../../machinery/label-requirement.js';
import { labelOf } from '../../machinery/labels.js';

/** Whether a pod may be on a node by its node selector and by what its node affinity requires. */
export function matchesNode({ nodeSelector = {}, affinity }: PodSpec, node: Node): boolean {
  const { labels } = node.metadata;
  const isSelected = Object.entries(nodeSelector).every(
    ([key, value]) => labelOf(labels, key) === value,
  );
  if (!isSelected) return false;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  // Terms that are there but empty match no node.
  return (
    required === undefined || (required.nodeSelectorTerms ?? []).some((term) => meets(term, node))
  );
}

function meets({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const { labels, name } = node.metadata;
  return (
    matchExpressions.every((each) => holds(each, labelOf(labels, each.key ?? ''))) &&
    matchFields.every((each) => each.key === 'metadata.name' && holds(each, name))
  );
}

const operators: ReadonlyMap<string, LabelOperator> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
  ['Gt', 'gt'],
  ['Lt', 'lt'],
]);

function holds(
  { key = '', operator: name = '', values = [] }: NodeSelectorRequirement,
  value: string | undefined,
): boolean {
  const operator = operators.get(name);
  return operator !== undefined && meetsRequirement({ key, operator, values }, value);
}

/** The first taint with one of these effects that nothing tolerates. */
export function untoleratedTaint(
  node: Node,
  tolerations: readonly Toleration[],
  effects: readonly string[],
): Taint | undefined {
  return (node.spec?.taints ?? []).find(
    (taint) =>
      effects.includes(taint.effect ?? '') &&
      !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

function tolerates({ key = '', operator = '', value = '', effect = '' }: Toleration, taint: Taint) {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return (operator === '' || operator === 'Equal') && value === (taint.value ?? '');
}
