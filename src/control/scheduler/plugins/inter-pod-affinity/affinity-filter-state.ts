import type { Node } from '../../../api/gen/core-v1.js';
import { labelOf } from '../../../machinery/labels.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { AffinityTerm, NodeInfo, PodInfo } from '../../framework/node-info.js';
import type { NamespaceLabels } from './namespace-labels.js';
import type { PairCounts } from './pair-counts.js';
import { allTermsMatch, termMatches } from './term-matching.js';

/** What is counted for a pod. */
export interface AffinityCounts {
  /** Terms of other pods that keep the pod away. */
  readonly repelling: PairCounts;
  /** Pods that all terms of its affinity match. */
  readonly wanted: PairCounts;
  /** Pods that a term of its anti-affinity matches. */
  readonly unwanted: PairCounts;
}

/** What the filter asks in one pod's cycle. */
export class AffinityFilterState implements StateData {
  readonly #pod: PodInfo;
  readonly #counts: AffinityCounts;
  readonly #namespaces: NamespaceLabels;

  constructor(pod: PodInfo, counts: AffinityCounts, namespaces: NamespaceLabels) {
    this.#pod = pod;
    this.#counts = counts;
    this.#namespaces = namespaces;
  }

  clone(): AffinityFilterState {
    const { repelling, wanted, unwanted } = this.#counts;
    const counts = {
      repelling: repelling.clone(),
      wanted: wanted.clone(),
      unwanted: unwanted.clone(),
    };
    return new AffinityFilterState(this.#pod, counts, this.#namespaces);
  }

  /** Supposes that a pod runs on the node too (1), or does not (-1). */
  suppose(other: PodInfo, { node }: NodeInfo, change: 1 | -1): void {
    const { repelling, wanted, unwanted } = this.#counts;
    const { pod, requiredAffinity, requiredAntiAffinity } = this.#pod;
    const count = (term: AffinityTerm, counts: PairCounts) => {
      const value = labelOf(node.metadata.labels, term.topologyKey);
      if (value !== undefined) counts.suppose(term.topologyKey, value, change);
    };
    for (const term of other.requiredAntiAffinity)
      if (termMatches(term, pod, this.#namespaces)) count(term, repelling);
    if (allTermsMatch(requiredAffinity, other.pod, this.#namespaces))
      for (const term of requiredAffinity) count(term, wanted);
    for (const term of requiredAntiAffinity)
      if (termMatches(term, other.pod, this.#namespaces)) count(term, unwanted);
  }

  /** The node is next to the pods that the pod wants to be with; or there are none anywhere, and the pod is the first of its kind. */
  isNearWanted({ metadata }: Node): boolean {
    const { requiredAffinity, pod } = this.#pod;
    const { wanted } = this.#counts;
    let isNear = true;
    for (const { topologyKey } of requiredAffinity) {
      const value = labelOf(metadata.labels, topologyKey);
      if (value === undefined) return false;
      if (wanted.get(topologyKey, value) <= 0) isNear = false;
    }
    if (isNear) return true;
    return wanted.isEmpty && allTermsMatch(requiredAffinity, pod, this.#namespaces);
  }

  /** The node is next to a pod that the pod must keep away from. */
  isNearUnwanted({ metadata }: Node): boolean {
    const { unwanted } = this.#counts;
    for (const { topologyKey } of this.#pod.requiredAntiAffinity) {
      const value = labelOf(metadata.labels, topologyKey);
      if (value !== undefined && unwanted.get(topologyKey, value) > 0) return true;
    }
    return false;
  }

  /** The node is next to a pod that wants this one away. */
  isRepelled({ metadata }: Node): boolean {
    const { repelling } = this.#counts;
    for (const { key } of repelling.topologies) {
      const value = labelOf(metadata.labels, key);
      if (value !== undefined && repelling.get(key, value) > 0) return true;
    }
    return false;
  }
}
