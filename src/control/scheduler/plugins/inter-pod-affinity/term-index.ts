import { labelOf } from '../../../machinery/labels.js';
import type { AffinityTerm, NodeInfo, PodInfo } from '../../framework/node-info.js';
import { type NodeSink, NodeTracker } from '../node-tracker.js';
import { termText } from './term-matching.js';

/** Terms that ask the same, of any number of pods, and what they weigh together by the topology of the pods' nodes. */
export interface TermGroup {
  readonly term: AffinityTerm;
  /** By the value of the term's topology label; never 0. */
  readonly weights: ReadonlyMap<string, number>;
}

/** Tells the terms of a node's pods that count, each with what it weighs. */
export type TermsOfNode = (
  node: NodeInfo,
  tell: (term: AffinityTerm, weight: number) => void,
) => void;

interface CountedGroup extends TermGroup {
  readonly weights: Map<string, number>;
  /** Terms of pods in it. Invariant: more than 0. */
  termCount: number;
}

interface Contribution {
  readonly group: CountedGroup;
  readonly value: string;
  readonly weight: number;
}

/**
 * The terms of all pods that run, grouped: pods of one template have the same terms, so that there are few groups where there are many
 * pods. Only nodes that have changed are looked at again.
 */
export class TermIndex implements NodeSink {
  readonly #termsOf: TermsOfNode;
  readonly #tracker = new NodeTracker();
  readonly #groups = new Map<string, CountedGroup>();
  /** By place of the node; null for none. */
  #contributions: (Contribution[] | null)[] = [];

  constructor(termsOf: TermsOfNode) {
    this.#termsOf = termsOf;
  }

  update(nodes: readonly NodeInfo[]): void {
    this.#tracker.update(nodes, this);
  }

  /** Those that there are as of the last {@link update}. */
  get groups(): Iterable<TermGroup> {
    return this.#groups.values();
  }

  reset(nodeCount: number): void {
    this.#groups.clear();
    this.#contributions = new Array<null>(nodeCount).fill(null);
  }

  change(at: number, node: NodeInfo): void {
    const before = this.#contributions[at] ?? null;
    const { labels } = node.node.metadata;
    let after: Contribution[] | null = null;
    this.#termsOf(node, (term, weight) => {
      const value = labelOf(labels, term.topologyKey);
      if (value === undefined) return;
      const group = this.#groupOf(term);
      group.termCount++;
      weigh(group.weights, value, weight);
      after ??= [];
      after.push({ group, value, weight });
    });
    this.#contributions[at] = after;
    for (const contribution of before ?? []) this.#take(contribution);
  }

  #groupOf(term: AffinityTerm): CountedGroup {
    const text = termText(term);
    const known = this.#groups.get(text);
    if (known !== undefined) return known;
    const group = { term, weights: new Map<string, number>(), termCount: 0 };
    this.#groups.set(text, group);
    return group;
  }

  #take({ group, value, weight }: Contribution): void {
    weigh(group.weights, value, -weight);
    group.termCount--;
    if (group.termCount === 0) this.#groups.delete(termText(group.term));
  }
}

/** Adds to a weight; what comes to nothing is left out. */
export function weigh(weights: Map<string, number>, value: string, change: number): void {
  const weight = (weights.get(value) ?? 0) + change;
  if (weight === 0) weights.delete(value);
  else weights.set(value, weight);
}

/** Terms of pods that others must keep away from. */
export const requiredAntiAffinityTerms: TermsOfNode = (node, tell) => {
  for (const pod of node.podsWithRequiredAntiAffinity)
    for (const term of pod.requiredAntiAffinity) tell(term, 1);
};

/** Terms of pods that run, as they count for the score of another pod. */
export function scoredTerms(hardPodAffinityWeight: number): TermsOfNode {
  return (node, tell) => {
    for (const pod of node.podsWithAffinity) tellScored(pod, hardPodAffinityWeight, tell);
  };
}

function tellScored(
  pod: PodInfo,
  hardPodAffinityWeight: number,
  tell: (term: AffinityTerm, weight: number) => void,
): void {
  if (hardPodAffinityWeight > 0)
    for (const term of pod.requiredAffinity) tell(term, hardPodAffinityWeight);
  for (const term of pod.preferredAffinity) tell(term, term.weight);
  for (const term of pod.preferredAntiAffinity) tell(term, -term.weight);
}
