import { assert } from '../../../../base/assert.js';
import { labelOf } from '../../../machinery/labels.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { NodeInfo } from '../../framework/node-info.js';
import { maxScore } from '../normalize-scores.js';
import type { DomainCounts, SpreadCounts } from './spread-counts.js';
import { hasAllLabels, hostnameLabel, type SpreadQuery } from './spread-query.js';

/** Scores nodes by how few pods their domains have, in one cycle. */
export class SpreadScore implements StateData {
  readonly #counts: SpreadCounts;
  readonly #query: SpreadQuery;
  /** Names of nodes that lack a label and score nothing. */
  readonly #ignored = new Set<string>();
  /** By constraint: counts of few domains weigh as much as counts of many. */
  readonly #weights: readonly number[];

  /** `nodes`: those that passed the filters. */
  constructor(counts: SpreadCounts, query: SpreadQuery, nodes: readonly NodeInfo[]) {
    assert(counts.query.key === query.key);
    this.#counts = counts;
    this.#query = query;
    const { constraints, requiresAllLabels } = query;
    const values = constraints.map(() => new Set<string>());
    for (const { name, node } of nodes) {
      if (requiresAllLabels && !hasAllLabels(node, constraints)) {
        this.#ignored.add(name);
        continue;
      }
      constraints.forEach(({ topologyKey }, index) => {
        if (topologyKey === hostnameLabel) return;
        values[index]?.add(labelOf(node.metadata.labels, topologyKey) ?? '');
      });
    }
    this.#weights = constraints.map(({ topologyKey }, index) => {
      const size =
        topologyKey === hostnameLabel ? nodes.length - this.#ignored.size : values[index]?.size;
      return Math.log((size ?? 0) + 2);
    });
  }

  /** Nothing changes it. */
  clone(): this {
    return this;
  }

  /** Grows with the pods that there are already. */
  score({ name, node }: NodeInfo): number {
    if (this.#ignored.has(name)) return 0;
    const { domains } = this.#counts;
    const { constraints } = this.#query;
    let score = 0;
    for (let index = 0; index < domains.length; index++) {
      const constraint = constraints[index] as (typeof constraints)[number];
      const value = labelOf(node.metadata.labels, constraint.topologyKey);
      if (value === undefined) continue;
      const counts = domains[index] as DomainCounts;
      const count =
        constraint.topologyKey === hostnameLabel
          ? counts.podsOnNode(name)
          : counts.countOf(counts.idOf(value));
      score += count * (this.#weights[index] as number) + (constraint.maxSkew - 1);
    }
    return Math.round(score);
  }

  /** The emptiest domain gets 100. */
  normalize(nodes: readonly NodeInfo[], scores: Float64Array): void {
    let least = Number.MAX_SAFE_INTEGER;
    let most = 0;
    nodes.forEach(({ name }, at) => {
      if (this.#ignored.has(name)) return;
      const score = scores[at] as number;
      if (score < least) least = score;
      if (score > most) most = score;
    });
    nodes.forEach(({ name }, at) => {
      if (this.#ignored.has(name)) scores[at] = 0;
      else if (most === 0) scores[at] = maxScore;
      else scores[at] = Math.floor((maxScore * (most + least - (scores[at] as number))) / most);
    });
  }
}
