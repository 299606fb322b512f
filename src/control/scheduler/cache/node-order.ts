import { assert } from '../../../base/assert.js';
import type { Node } from '../../api/gen/core-v1.js';
import type { NodeState } from '../framework/node-state.js';

const regionLabels = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'];
const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];

/** The zone of a node: region and zone by its labels, '' when it has neither. */
export function zoneOf({ metadata }: Node): string {
  const labelOf = (names: readonly string[]) =>
    names.map((name) => metadata.labels?.[name] ?? '').find((value) => value !== '') ?? '';
  const [region, zone] = [labelOf(regionLabels), labelOf(zoneLabels)];
  return region === '' && zone === '' ? '' : `${region}:${zone}`;
}

/**
 * Nodes in the order that they are tried: one of each zone in turn, so that a search which ends early has seen all zones alike. Put
 * together again only after nodes or zones have changed.
 */
export class NodeOrder {
  /** Zones in the order that they were first seen. Invariant: none is empty. */
  readonly #zones = new Map<string, Set<NodeState>>();
  #list: readonly NodeState[] | null = [];

  add(node: NodeState, zone: string): void {
    const nodes = this.#zones.get(zone);
    if (nodes === undefined) this.#zones.set(zone, new Set([node]));
    else nodes.add(node);
    this.#list = null;
  }

  remove(node: NodeState, zone: string): void {
    const nodes = this.#zones.get(zone);
    assert(nodes?.delete(node) === true, `node ${node.name} is not in zone ${zone}`);
    if (nodes.size === 0) this.#zones.delete(zone);
    this.#list = null;
  }

  /** The same array until something changes. */
  list(): readonly NodeState[] {
    this.#list ??= interleave([...this.#zones.values()].map((nodes) => [...nodes]));
    return this.#list;
  }
}

function interleave(zones: readonly (readonly NodeState[])[]): readonly NodeState[] {
  const list: NodeState[] = [];
  const longest = zones.reduce((length, zone) => Math.max(length, zone.length), 0);
  for (let at = 0; at < longest; at++) {
    for (const zone of zones) {
      const node = zone[at];
      if (node !== undefined) list.push(node);
    }
  }
  return list;
}
