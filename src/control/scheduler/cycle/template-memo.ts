import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { Plugin, PluginStatus } from '../framework/plugin.js';

/** What local filters and scores have said of pods of one template, node by node; each holds while the node keeps its generation. */
export interface TemplateMemo {
  /** The nodes by their places, which are the indexes below. */
  readonly nodes: readonly NodeInfo[];
  /** The filters that were asked, in order. */
  readonly filterNames: string;
  readonly filterGenerations: Float64Array;
  readonly statuses: (PluginStatus | null)[];
  /** By the scorer's name. */
  readonly scores: Map<string, ScoreMemo>;
}

/** What one scorer has said, before it is normalised. */
export interface ScoreMemo {
  readonly generations: Float64Array;
  readonly values: Float64Array;
}

/**
 * Remembers for the templates that came last. Memory: 16 bytes and more a node for filters and for each scorer, times `templatesMax`. The
 * memo is dropped when nodes come or go.
 */
export class TemplateMemos {
  readonly #memos = new Map<string, TemplateMemo>();
  readonly #templatesMax: number;

  constructor(templatesMax = 32) {
    this.#templatesMax = templatesMax;
  }

  /** The memo of a pod's template for these filters, which are all local. */
  of(pod: PodInfo, nodes: readonly NodeInfo[], filters: readonly Plugin[]): TemplateMemo {
    const filterNames = filters.map(({ name }) => name).join();
    const known = this.#memos.get(pod.templateKey);
    this.#memos.delete(pod.templateKey);
    const memo =
      known !== undefined && known.nodes === nodes && known.filterNames === filterNames
        ? known
        : emptyMemo(nodes, filterNames);
    // The one that was used last comes last.
    this.#memos.set(pod.templateKey, memo);
    if (this.#memos.size > this.#templatesMax) {
      const [oldest] = this.#memos.keys();
      if (oldest !== undefined) this.#memos.delete(oldest);
    }
    return memo;
  }
}

function emptyMemo(nodes: readonly NodeInfo[], filterNames: string): TemplateMemo {
  return {
    nodes,
    filterNames,
    filterGenerations: new Float64Array(nodes.length),
    statuses: new Array<PluginStatus | null>(nodes.length).fill(null),
    scores: new Map(),
  };
}

/** The memo of one scorer. */
export function scoreMemoOf({ scores, nodes }: TemplateMemo, scorer: string): ScoreMemo {
  let memo = scores.get(scorer);
  if (memo === undefined) {
    const { length } = nodes;
    memo = { generations: new Float64Array(length), values: new Float64Array(length) };
    scores.set(scorer, memo);
  }
  return memo;
}

/** The filters up to the first that is not local: their refusals do not depend on those behind them. */
export function localPrefix(filters: readonly Plugin[]): readonly Plugin[] {
  const end = filters.findIndex(({ isFilterLocal }) => isFilterLocal !== true);
  return end < 0 ? filters : filters.slice(0, end);
}
