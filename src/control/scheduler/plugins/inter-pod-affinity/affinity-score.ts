import { labelOf } from '../../../machinery/labels.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { NodeInfo } from '../../framework/node-info.js';
import { maxScore } from '../normalize-scores.js';

/** What nodes score by a topology label. */
export interface TopologyScore {
  readonly topologyKey: string;
  /** By the label's value. */
  readonly counts: ReadonlyMap<string, number>;
  readonly weight: number;
}

/** Scores nodes by the pods near them, in one cycle. */
export class AffinityScore implements StateData {
  readonly #scores: readonly TopologyScore[];

  constructor(scores: readonly TopologyScore[]) {
    this.#scores = scores;
  }

  /** Nothing changes it. */
  clone(): this {
    return this;
  }

  score({ node }: NodeInfo): number {
    const { labels } = node.metadata;
    let sum = 0;
    for (const { topologyKey, counts, weight } of this.#scores) {
      const value = labelOf(labels, topologyKey);
      if (value !== undefined) sum += weight * (counts.get(value) ?? 0);
    }
    return sum;
  }
}

/** Brings scores of any sign to 0 for the least and 100 for the most, rounded down; all 0 when they are equal. */
export function spanScores(scores: Float64Array): void {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const score of scores) {
    if (score < least) least = score;
    if (score > most) most = score;
  }
  const span = most - least;
  for (let at = 0; at < scores.length; at++) {
    const above = (scores[at] as number) - least;
    // In this order floating-point numbers round as Kubernetes' do.
    scores[at] = span > 0 ? Math.trunc(maxScore * (above / span)) : 0;
  }
}
