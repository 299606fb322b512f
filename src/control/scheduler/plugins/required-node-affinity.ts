import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
} from '../../api/gen/core-v1.js';
import {
  isRequirement,
  type LabelOperator,
  type LabelRequirement,
  labelRequirement,
  meetsRequirement,
} from '../../machinery/label-requirement.js';
import { labelOf } from '../../machinery/labels.js';

const operators: ReadonlyMap<string, LabelOperator> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
  ['Gt', 'gt'],
  ['Lt', 'lt'],
]);

/** A term of a node selector, ready to be asked. A term that requires nothing, or something impossible, matches no node. */
export class NodeSelectorTermMatcher {
  readonly #labels: readonly LabelRequirement[] = [];
  /** Of the name, the only field that can be asked for. */
  readonly #names: readonly LabelRequirement[] = [];
  readonly #isPossible: boolean;

  constructor({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm) {
    const labels = matchExpressions.map(labelRequirementOf);
    const names = matchFields.map(nameRequirementOf);
    this.#isPossible =
      labels.length + names.length > 0 && !labels.includes(null) && !names.includes(null);
    if (!this.#isPossible) return;
    this.#labels = labels.filter((each) => each !== null);
    this.#names = names.filter((each) => each !== null);
  }

  matches(node: Node): boolean {
    if (!this.#isPossible) return false;
    const { labels, name = '' } = node.metadata;
    for (const requirement of this.#labels) {
      if (!meetsRequirement(requirement, labelOf(labels, requirement.key))) return false;
    }
    for (const requirement of this.#names) {
      if (!meetsRequirement(requirement, name)) return false;
    }
    return true;
  }
}

function labelRequirementOf(requirement: NodeSelectorRequirement): LabelRequirement | null {
  const { key = '', operator = '', values = [] } = requirement;
  const kind = operators.get(operator);
  if (kind === undefined) return null;
  const result = labelRequirement(key, kind, values);
  return isRequirement(result) ? result : null;
}

function nameRequirementOf(requirement: NodeSelectorRequirement): LabelRequirement | null {
  const { key, operator, values = [] } = requirement;
  if (key !== 'metadata.name' || values.length !== 1) return null;
  if (operator !== 'In' && operator !== 'NotIn') return null;
  return { key, operator: operator === 'In' ? 'in' : 'notin', values };
}

/** A node selector, ready to be asked: one of its terms must match. */
export class NodeSelectorMatcher {
  readonly #terms: readonly NodeSelectorTermMatcher[];

  constructor({ nodeSelectorTerms = [] }: NodeSelector) {
    this.#terms = nodeSelectorTerms.map((term) => new NodeSelectorTermMatcher(term));
  }

  matches(node: Node): boolean {
    for (const term of this.#terms) if (term.matches(node)) return true;
    return false;
  }
}

/** Where a pod may run by its node selector and its required node affinity. */
export class RequiredNodeAffinity {
  readonly #labels: readonly (readonly [string, string])[];
  readonly #affinity: NodeSelectorMatcher | null;

  constructor({ spec }: Pod) {
    this.#labels = Object.entries(spec?.nodeSelector ?? {});
    const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    this.#affinity = required === undefined ? null : new NodeSelectorMatcher(required);
  }

  /** Every node will do. */
  get isEverything(): boolean {
    return this.#labels.length === 0 && this.#affinity === null;
  }

  matches(node: Node): boolean {
    const { labels } = node.metadata;
    for (const [key, value] of this.#labels) if (labelOf(labels, key) !== value) return false;
    return this.#affinity === null || this.#affinity.matches(node);
  }
}
