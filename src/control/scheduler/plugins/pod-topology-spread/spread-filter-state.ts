import { assert } from '../../../../base/assert.js';
import { labelOf } from '../../../machinery/labels.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../../framework/node-info.js';
import type { DomainCounts, SpreadCounts } from './spread-counts.js';
import { hasAllLabels, type SpreadConstraint, type SpreadQuery } from './spread-query.js';

/** Changes of one constraint's counts that are only supposed. */
interface Supposed {
  /** Pods more, or less, by domain. */
  readonly changes: Map<number, number>;
  /** Null: to be found out. */
  least: number | null;
}

/** What the filter asks in one cycle: the counts, and pods that are supposed to be there or to be gone. */
export class SpreadFilterState implements StateData {
  readonly query: SpreadQuery;
  readonly #counts: SpreadCounts;
  /** By constraint. */
  readonly #supposed: Supposed[];

  constructor(counts: SpreadCounts, query: SpreadQuery, supposed: Supposed[] = []) {
    assert(counts.query.key === query.key);
    this.#counts = counts;
    this.query = query;
    this.#supposed = supposed;
  }

  clone(): SpreadFilterState {
    const supposed = this.#supposed.map(({ changes, least }) => ({
      changes: new Map(changes),
      least,
    }));
    return new SpreadFilterState(this.#counts, this.query, supposed);
  }

  /** Supposes that a pod runs on the node too (1), or does not (-1). */
  suppose({ pod }: PodInfo, { node }: NodeInfo, change: 1 | -1): void {
    const { domains } = this.#counts;
    const { query } = this;
    if (pod.metadata.namespace !== query.namespace) return;
    if (!hasAllLabels(node, query.constraints)) return;
    query.constraints.forEach((constraint, index) => {
      if (!constraint.selector.matches(pod.metadata.labels)) return;
      if (!query.isIncluded(constraint, node)) return;
      const value = labelOf(node.metadata.labels, constraint.topologyKey) ?? '';
      const id = (domains[index] as DomainCounts).idOf(value);
      if (id < 0) return;
      const supposed = this.#supposedOf(index);
      supposed.changes.set(id, (supposed.changes.get(id) ?? 0) + change);
      supposed.least = null;
    });
  }

  #supposedOf(index: number): Supposed {
    while (this.#supposed.length <= index) this.#supposed.push({ changes: new Map(), least: null });
    return this.#supposed[index] as Supposed;
  }

  /** By how many pods the domain would be ahead of the emptiest one with this pod. */
  skew(index: number, constraint: SpreadConstraint, domain: string): number {
    const domains = this.#counts.domains[index] as DomainCounts;
    const supposed = this.#supposed[index];
    const id = domains.idOf(domain);
    const count = domains.countOf(id) + (supposed?.changes.get(id) ?? 0);
    const least = domains.size < constraint.minDomains ? 0 : leastOf(domains, supposed);
    return count + (constraint.selectsPod ? 1 : 0) - least;
  }
}

function leastOf(domains: DomainCounts, supposed: Supposed | undefined): number {
  if (supposed === undefined || supposed.changes.size === 0) return domains.least;
  supposed.least ??= domains.leastWith(supposed.changes);
  return supposed.least;
}
