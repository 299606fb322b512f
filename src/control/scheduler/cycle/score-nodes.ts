import type { Prng } from '../../../base/prng.js';
import type { CycleState } from '../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import type { Scorer } from '../runtime/plugin-points.js';
import { scoreMemoOf, type TemplateMemo } from './template-memo.js';

/** The best that a plugin can give. */
const scoreMax = 100;

/** Nodes that can do, and how good they are; the buffers are used again and again. */
export class NodeScores {
  #totals = new Float64Array(0);
  #scores = new Float64Array(0);

  /**
   * The weighted sum of all scores of each node, in the nodes' order; good until the next call. A plugin whose scores are not from 0 to
   * 100 in the end is an error.
   */
  score(
    scorers: readonly Scorer[],
    request: {
      readonly state: CycleState;
      readonly pod: PodInfo;
      readonly nodes: readonly NodeInfo[];
      /** Where the nodes are in the memo. */
      readonly places: readonly number[];
      readonly memo: TemplateMemo | null;
    },
  ): Float64Array | PluginStatus {
    const { state, pod, nodes } = request;
    const { length } = nodes;
    if (this.#totals.length < length) {
      this.#totals = new Float64Array(length * 2);
      this.#scores = new Float64Array(length * 2);
    }
    const totals = this.#totals.subarray(0, length).fill(0);
    const scores = this.#scores.subarray(0, length);
    for (const { plugin, weight } of scorers) {
      const { memo, places } = request;
      if (memo !== null && plugin.scoreLocality !== undefined) {
        const { generations, values } = scoreMemoOf(memo, plugin.name);
        for (let i = 0; i < length; i++) {
          const node = nodes[i] as NodeInfo;
          const at = places[i] as number;
          if (generations[at] !== node.generation) {
            values[at] = plugin.score(state, pod, node);
            generations[at] = node.generation;
          }
          scores[i] = values[at] as number;
        }
      } else {
        for (let i = 0; i < length; i++) scores[i] = plugin.score(state, pod, nodes[i] as NodeInfo);
      }
      plugin.normalizeScores?.(state, pod, nodes, scores);
      for (let i = 0; i < length; i++) {
        const score = scores[i] as number;
        if (!(score >= 0 && score <= scoreMax)) return invalidScore(plugin.name, score);
        totals[i] = (totals[i] as number) + score * weight;
      }
    }
    return totals;
  }
}

function invalidScore(plugin: string, score: number): PluginStatus {
  const text =
    `plugin "${plugin}" returns an invalid score ${score}, ` +
    `it should in the range of [0, ${scoreMax}] after normalizing`;
  return { code: 'error', reasons: [text], plugin };
}

/** The place of the best; among equals each with the same chance. There is at least one. */
export function bestPlace(totals: Float64Array, prng: Prng): number {
  let best = 0;
  let equals = 1;
  for (let i = 1; i < totals.length; i++) {
    const total = totals[i] as number;
    if (total > (totals[best] as number)) {
      best = i;
      equals = 1;
    } else if (total === totals[best]) {
      equals++;
      if (prng.int(0, equals) === 0) best = i;
    }
  }
  return best;
}
