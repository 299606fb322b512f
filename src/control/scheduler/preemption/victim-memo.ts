import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import type { Victims } from './select-victims.js';

/** What was found on a node. */
export type VictimsFound = Victims | PluginStatus;

/** What was found for pods of one template, by the places of nodes in the list of all; each holds while the node keeps its generation. */
export class NodeVictims {
  readonly nodes: readonly NodeInfo[];
  readonly budgetsVersion: number;
  readonly #generations: Float64Array;
  readonly #found: (VictimsFound | undefined)[];

  constructor(nodes: readonly NodeInfo[], budgetsVersion: number) {
    this.nodes = nodes;
    this.budgetsVersion = budgetsVersion;
    this.#generations = new Float64Array(nodes.length);
    this.#found = new Array<VictimsFound | undefined>(nodes.length).fill(undefined);
  }

  find(place: number, { generation }: NodeInfo): VictimsFound | undefined {
    return this.#generations[place] === generation ? this.#found[place] : undefined;
  }

  keep(place: number, { generation }: NodeInfo, found: VictimsFound): void {
    this.#generations[place] = generation;
    this.#found[place] = found;
  }
}

/**
 * Remembers what was found on nodes for pods of one template, while the node and the budgets stay as they are: when many pods preempt,
 * the same nodes are looked at again and again. Memory: one entry a node, for the templates that came last. Dropped when nodes come or go.
 */
export class VictimMemo {
  readonly #templates = new Map<string, NodeVictims>();
  readonly #templatesMax: number;

  constructor(templatesMax = 16) {
    this.#templatesMax = templatesMax;
  }

  /** What is known for the pod's template, of all these nodes. Only for pods whose filters look at one node alone. */
  of({ templateKey }: PodInfo, nodes: readonly NodeInfo[], budgetsVersion: number): NodeVictims {
    const known = this.#templates.get(templateKey);
    if (known?.budgetsVersion === budgetsVersion && known.nodes === nodes) return known;
    const victims = new NodeVictims(nodes, budgetsVersion);
    this.#templates.delete(templateKey);
    this.#templates.set(templateKey, victims);
    if (this.#templates.size > this.#templatesMax) {
      const [oldest] = this.#templates.keys();
      if (oldest !== undefined) this.#templates.delete(oldest);
    }
    return victims;
  }
}
