import type { NodeInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';

/**
 * Why nodes were refused, by name: a map over the lists that a search has filled. Thousands of nodes are refused for each pod that fits
 * nowhere, mostly for the same few reasons; the names are indexed when somebody asks by name.
 */
export class RefusedNodes implements ReadonlyMap<string, PluginStatus> {
  readonly #nodes: readonly NodeInfo[];
  readonly #statuses: readonly PluginStatus[];
  #places: Map<string, number> | null = null;

  /** The lists are in step, and do not change any more. */
  constructor(nodes: readonly NodeInfo[], statuses: readonly PluginStatus[]) {
    this.#nodes = nodes;
    this.#statuses = statuses;
  }

  get size(): number {
    return this.#nodes.length;
  }

  get(name: string): PluginStatus | undefined {
    const place = this.#indexed().get(name);
    return place === undefined ? undefined : this.#statuses[place];
  }

  has(name: string): boolean {
    return this.#indexed().has(name);
  }

  forEach(
    tell: (status: PluginStatus, name: string, map: ReadonlyMap<string, PluginStatus>) => void,
  ): void {
    for (let i = 0; i < this.#nodes.length; i++)
      tell(this.#statuses[i] as PluginStatus, (this.#nodes[i] as NodeInfo).name, this);
  }

  /** The same with the nodes themselves. */
  forEachNode(tell: (node: NodeInfo, status: PluginStatus) => void): void {
    for (let i = 0; i < this.#nodes.length; i++)
      tell(this.#nodes[i] as NodeInfo, this.#statuses[i] as PluginStatus);
  }

  *entries(): MapIterator<[string, PluginStatus]> {
    for (let i = 0; i < this.#nodes.length; i++)
      yield [(this.#nodes[i] as NodeInfo).name, this.#statuses[i] as PluginStatus];
  }

  *keys(): MapIterator<string> {
    for (const { name } of this.#nodes) yield name;
  }

  values(): MapIterator<PluginStatus> {
    return this.#statuses.values() as MapIterator<PluginStatus>;
  }

  [Symbol.iterator](): MapIterator<[string, PluginStatus]> {
    return this.entries();
  }

  #indexed(): ReadonlyMap<string, number> {
    this.#places ??= new Map(this.#nodes.map(({ name }, place) => [name, place]));
    return this.#places;
  }
}

/** How many have each status, in the order that they were first seen: there are few, since plugins share theirs. */
export function tally(statuses: Iterable<PluginStatus>): ReadonlyMap<PluginStatus, number> {
  const counts = new Map<PluginStatus, number>();
  let last: PluginStatus | null = null;
  let run = 0;
  for (const status of statuses) {
    if (status === last) {
      run++;
      continue;
    }
    if (last !== null) counts.set(last, (counts.get(last) ?? 0) + run);
    last = status;
    run = 1;
  }
  if (last !== null) counts.set(last, (counts.get(last) ?? 0) + run);
  return counts;
}
