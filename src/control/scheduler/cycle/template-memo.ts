import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { Plugin, PluginStatus } from '../framework/plugin.js';

/** What local filters and scores have said of pods that they cannot tell apart, node by node; each holds while the node keeps its generation. */
export interface TemplateMemo {
  /** The nodes by their places, which are the indexes below. */
  readonly nodes: readonly NodeInfo[];
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
 * Remembers for the pods that came last. Memory: 16 bytes and more a node for filters and for each scorer, times `memosMax`. A
 * memo is dropped when nodes come or go.
 */
export class TemplateMemos {
  readonly #memos = new Map<string, TemplateMemo>();
  readonly #memosMax: number;
  /** Whether a scorer that is local tells more pods apart than by what they ask of a node. */
  readonly #scoresByTemplate: boolean;

  constructor(scorers: readonly Plugin[], memosMax = 32) {
    this.#scoresByTemplate = scorers.some(({ scoreLocality }) => scoreLocality === 'template');
    this.#memosMax = memosMax;
  }

  /** What is remembered for a pod and these filters, which are all local. */
  of(pod: PodInfo, nodes: readonly NodeInfo[], filters: readonly Plugin[]): TemplateMemo {
    const byTemplate =
      this.#scoresByTemplate || filters.some(({ filterLocality }) => filterLocality === 'template');
    const names = filters.map(({ name }) => name).join();
    const key = `${names} ${byTemplate ? pod.templateKey : pod.demandKey}`;
    const known = this.#memos.get(key);
    this.#memos.delete(key);
    const memo = known !== undefined && known.nodes === nodes ? known : emptyMemo(nodes);
    // The one that was used last comes last.
    this.#memos.set(key, memo);
    if (this.#memos.size > this.#memosMax) {
      const [oldest] = this.#memos.keys();
      if (oldest !== undefined) this.#memos.delete(oldest);
    }
    return memo;
  }
}

function emptyMemo(nodes: readonly NodeInfo[]): TemplateMemo {
  return {
    nodes,
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
  const end = filters.findIndex(({ filterLocality }) => filterLocality === undefined);
  return end < 0 ? filters : filters.slice(0, end);
}
