import type { NodeInfo, PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import type { Victims } from './select-victims.js';

/** What was found on a node. */
export type VictimsFound = Victims | PluginStatus;

interface TemplateMemo {
  readonly budgetsVersion: number;
  readonly byNode: Map<string, { readonly generation: number; readonly found: VictimsFound }>;
}

/**
 * Remembers what was found on nodes for pods of one template, while the node and the budgets stay as they are: when many pods preempt,
 * the same nodes are looked at again and again. Memory: one entry a node, for the templates that came last.
 */
export class VictimMemo {
  readonly #templates = new Map<string, TemplateMemo>();
  readonly #templatesMax: number;

  constructor(templatesMax = 16) {
    this.#templatesMax = templatesMax;
  }

  /** What was found, or what `find` finds now. Only for pods whose filters look at one node alone. */
  get(
    { pod, node }: { readonly pod: PodInfo; readonly node: NodeInfo },
    budgetsVersion: number,
    find: () => VictimsFound,
  ): VictimsFound {
    const { byNode } = this.#memoOf(pod.templateKey, budgetsVersion);
    const known = byNode.get(node.name);
    if (known !== undefined && known.generation === node.generation) return known.found;
    const found = find();
    byNode.set(node.name, { generation: node.generation, found });
    return found;
  }

  #memoOf(templateKey: string, budgetsVersion: number): TemplateMemo {
    const known = this.#templates.get(templateKey);
    if (known !== undefined && known.budgetsVersion === budgetsVersion) return known;
    const memo = { budgetsVersion, byNode: new Map() };
    this.#templates.delete(templateKey);
    this.#templates.set(templateKey, memo);
    if (this.#templates.size > this.#templatesMax) {
      const [oldest] = this.#templates.keys();
      if (oldest !== undefined) this.#templates.delete(oldest);
    }
    return memo;
  }
}
