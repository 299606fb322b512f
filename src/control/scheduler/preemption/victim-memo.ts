import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import type { Victims } from './select-victims.js';

/** What was found on a node. */
export type VictimsFound = Victims | PluginStatus;

/** What was found for pods of one template, by node; each holds while the node keeps its generation. */
export class NodeVictims {
  readonly budgetsVersion: number;
  readonly #byNode = new Map<
    string,
    { readonly generation: number; readonly found: VictimsFound }
  >();

  constructor(budgetsVersion: number) {
    this.budgetsVersion = budgetsVersion;
  }

  find({ name, generation }: NodeInfo): VictimsFound | undefined {
    const known = this.#byNode.get(name);
    return known?.generation === generation ? known.found : undefined;
  }

  keep({ name, generation }: NodeInfo, found: VictimsFound): void {
    this.#byNode.set(name, { generation, found });
  }
}

/**
 * Remembers what was found on nodes for pods of one template, while the node and the budgets stay as they are: when many pods preempt,
 * the same nodes are looked at again and again. Memory: one entry a node, for the templates that came last.
 */
export class VictimMemo {
  readonly #templates = new Map<string, NodeVictims>();
  readonly #templatesMax: number;

  constructor(templatesMax = 16) {
    this.#templatesMax = templatesMax;
  }

  /** What is known for the pod's template. Only for pods whose filters look at one node alone. */
  of({ templateKey }: PodInfo, budgetsVersion: number): NodeVictims {
    const known = this.#templates.get(templateKey);
    if (known?.budgetsVersion === budgetsVersion) return known;
    const victims = new NodeVictims(budgetsVersion);
    this.#templates.delete(templateKey);
    this.#templates.set(templateKey, victims);
    if (this.#templates.size > this.#templatesMax) {
      const [oldest] = this.#templates.keys();
      if (oldest !== undefined) this.#templates.delete(oldest);
    }
    return victims;
  }
}
