import type { NodeInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';

/**
 * Why nodes were refused, by name: a map over the lists that a search has filled. Thousands of nodes are refused for each pod that fits
 * nowhere, mostly for the same few reasons; they are counted once, and the names are indexed when somebody asks by name.
 */
export class RefusedNodes implements ReadonlyMap<string, PluginStatus> {
  readonly #nodes: readonly NodeInfo[];
  readonly #statuses: readonly PluginStatus[];
  /** The place of the first. */
  readonly #start: number;
  /** The list of all nodes when they are all of them; null when some are missing. */
  readonly all: readonly NodeInfo[] | null;
  #places: Map<string, number> | null = null;
  #counts: ReadonlyMap<PluginStatus, number> | null = null;

  private constructor(
    nodes: readonly NodeInfo[],
    statuses: readonly PluginStatus[],
    { all, start }: { readonly all: readonly NodeInfo[] | null; readonly start: number },
  ) {
    this.#nodes = nodes;
    this.#statuses = statuses;
    this.all = all;
    this.#start = start;
  }

  /** The lists are in step, and do not change any more. */
  static some(nodes: readonly NodeInfo[], statuses: readonly PluginStatus[]): RefusedNodes {
    return new RefusedNodes(nodes, statuses, { all: null, start: 0 });
  }

  /** All nodes of the list, beginning with the one at `start`. */
  static all(
    nodes: readonly NodeInfo[],
    statuses: readonly PluginStatus[],
    start: number,
  ): RefusedNodes {
    return new RefusedNodes(nodes, statuses, { all: nodes, start });
  }

  get size(): number {
    return this.#nodes.length;
  }

  /** How many have each status, in the order that they were first seen: there are few, since plugins share theirs. */
  get counts(): ReadonlyMap<PluginStatus, number> {
    this.#counts ??= tally(this.#statuses, this.#start);
    return this.#counts;
  }

  /** Where the one that was asked as number `index` is in the list. */
  placeOf(index: number): number {
    const place = this.#start + index;
    return place < this.#nodes.length ? place : place - this.#nodes.length;
  }

  /** The one that was asked as number `index`. */
  nodeAt(index: number): NodeInfo {
    return this.#nodes[this.placeOf(index)] as NodeInfo;
  }

  statusAt(index: number): PluginStatus {
    return this.#statuses[this.placeOf(index)] as PluginStatus;
  }

  get(name: string): PluginStatus | undefined {
    const index = this.#indexed().get(name);
    return index === undefined ? undefined : this.statusAt(index);
  }

  has(name: string): boolean {
    return this.#indexed().has(name);
  }

  forEach(
    tell: (status: PluginStatus, name: string, map: ReadonlyMap<string, PluginStatus>) => void,
  ): void {
    for (let i = 0; i < this.size; i++) tell(this.statusAt(i), this.nodeAt(i).name, this);
  }

  /** These and more, which come last. */
  and(more: readonly (readonly [NodeInfo, PluginStatus])[]): RefusedNodes {
    const indexes = Array.from({ length: this.size }, (_, at) => at);
    return RefusedNodes.some(
      [...indexes.map((at) => this.nodeAt(at)), ...more.map(([node]) => node)],
      [...indexes.map((at) => this.statusAt(at)), ...more.map(([, status]) => status)],
    );
  }

  *entries(): MapIterator<[string, PluginStatus]> {
    for (let i = 0; i < this.size; i++) yield [this.nodeAt(i).name, this.statusAt(i)];
  }

  *keys(): MapIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): MapIterator<PluginStatus> {
    for (const [, status] of this.entries()) yield status;
  }

  [Symbol.iterator](): MapIterator<[string, PluginStatus]> {
    return this.entries();
  }

  #indexed(): ReadonlyMap<string, number> {
    if (this.#places === null) {
      this.#places = new Map();
      for (let i = 0; i < this.size; i++) this.#places.set(this.nodeAt(i).name, i);
    }
    return this.#places;
  }
}

/** How many nodes have each status. */
export function countsOf(
  byNode: ReadonlyMap<string, PluginStatus>,
): ReadonlyMap<PluginStatus, number> {
  return byNode instanceof RefusedNodes ? byNode.counts : tally([...byNode.values()], 0);
}

/** Of each status how many there are, beginning at a place. */
function tally(
  statuses: readonly PluginStatus[],
  start: number,
): ReadonlyMap<PluginStatus, number> {
  const counts = new Map<PluginStatus, number>();
  const { length } = statuses;
  let run = 0;
  for (let i = 0, at = start; i < length; i++, at++) {
    if (at === length) at = 0;
    const status = statuses[at] as PluginStatus;
    run++;
    const next = statuses[at + 1 === length ? 0 : at + 1];
    if (next === status && i + 1 < length) continue;
    counts.set(status, (counts.get(status) ?? 0) + run);
    run = 0;
  }
  return counts;
}
