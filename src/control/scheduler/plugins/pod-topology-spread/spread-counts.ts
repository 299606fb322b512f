import type { LabelSelector } from '../../../machinery/label-selector.js';
import { labelOf } from '../../../machinery/labels.js';
import type { NodeInfo } from '../../framework/node-info.js';
import { type NodeSink, NodeTracker } from '../node-tracker.js';
import { selectorText } from '../selector-text.js';
import { hasAllLabels, type SpreadConstraint, type SpreadQuery } from './spread-query.js';

/**
 * How many pods that a query counts are in each domain of each constraint. Only nodes that have changed are counted again. What it says
 * holds until its next {@link update}.
 */
export class SpreadCounts implements NodeSink {
  readonly query: SpreadQuery;
  /** One for each constraint, in their order. */
  readonly domains: readonly DomainCounts[];
  readonly #tracker = new NodeTracker();
  /** For each constraint the first one that counts the same pods: itself, mostly. */
  readonly #sameAs: readonly number[];

  constructor(query: SpreadQuery) {
    this.query = query;
    this.domains = query.constraints.map(() => new DomainCounts());
    const texts = query.constraints.map(({ selector }) => selectorText(selector));
    this.#sameAs = texts.map((text) => texts.indexOf(text));
  }

  update(nodes: readonly NodeInfo[]): void {
    this.#tracker.update(nodes, this);
  }

  reset(nodeCount: number): void {
    for (const domains of this.domains) domains.reset(nodeCount);
  }

  change(at: number, node: NodeInfo): void {
    const { constraints, requiresAllLabels, namespace } = this.query;
    const isWithin = !requiresAllLabels || hasAllLabels(node.node, constraints);
    constraints.forEach((constraint, index) => {
      const domains = this.domains[index] as DomainCounts;
      const same = this.#sameAs[index] as number;
      const pods =
        same < index
          ? (this.domains[same] as DomainCounts).podsOn(at)
          : matchingPods(node, namespace, constraint.selector);
      const isIncluded = isWithin && this.query.isIncluded(constraint, node.node);
      domains.set({ at, name: node.name, pods }, isIncluded ? domainOf(constraint, node) : null);
    });
  }
}

/** The domain of a node; nodes without the label are in the domain ''. */
function domainOf({ topologyKey }: SpreadConstraint, { node }: NodeInfo): string {
  return labelOf(node.metadata.labels, topologyKey) ?? '';
}

/** Pods of a namespace on a node that a selector selects; those that are being deleted do not count. */
export function matchingPods(
  { pods }: NodeInfo,
  namespace: string,
  selector: LabelSelector,
): number {
  let count = 0;
  for (const { pod } of pods) {
    const { metadata } = pod;
    if (metadata.namespace !== namespace || metadata.deletionTimestamp !== undefined) continue;
    if (selector.matches(metadata.labels)) count++;
  }
  return count;
}

/** The counts of one constraint by domain. Domains have small numbers, by the order in which they were met. */
export class DomainCounts {
  readonly #ids = new Map<string, number>();
  /** Pods by domain. */
  #counts: number[] = [];
  /** Nodes by domain. Invariant: a domain without nodes has no pods. */
  #nodes: number[] = [];
  /** By place of the node: its domain, -1 when it does not count. */
  #domainAt = new Int32Array(0);
  /** By place of the node: pods that match, whether the node counts or not. */
  #podsAt = new Int32Array(0);
  readonly #places = new Map<string, number>();
  #size = 0;
  /** Null: not known. */
  #least: number | null = null;

  reset(nodeCount: number): void {
    this.#ids.clear();
    this.#counts = [];
    this.#nodes = [];
    this.#domainAt = new Int32Array(nodeCount).fill(-1);
    this.#podsAt = new Int32Array(nodeCount);
    this.#places.clear();
    this.#size = 0;
    this.#least = null;
  }

  /** Says what a node has now. `domain` null: it does not count. */
  set(
    { at, name, pods }: { readonly at: number; readonly name: string; readonly pods: number },
    domain: string | null,
  ): void {
    this.#places.set(name, at);
    const id = domain === null ? -1 : this.#idOf(domain);
    const before = this.#domainAt[at] as number;
    if (before === id && this.#podsAt[at] === pods) return;
    if (before >= 0) this.#add(before, -(this.#podsAt[at] as number), -1);
    if (id >= 0) this.#add(id, pods, 1);
    this.#domainAt[at] = id;
    this.#podsAt[at] = pods;
    this.#least = null;
  }

  /** Domains with at least one node that counts. */
  get size(): number {
    return this.#size;
  }

  /** Pods of the domain that has the fewest; 0 without domains. */
  get least(): number {
    this.#least ??= this.#findLeast();
    return this.#least;
  }

  /** The least as if the domains of `extra` had so many pods more, or less. */
  leastWith(extra: ReadonlyMap<number, number>): number {
    for (const [id, change] of extra) (this.#counts[id] as number) += change;
    const least = this.#findLeast();
    for (const [id, change] of extra) (this.#counts[id] as number) -= change;
    return least;
  }

  /** The number of a domain, -1 for one that has never been met. */
  idOf(domain: string): number {
    return this.#ids.get(domain) ?? -1;
  }

  /** Pods of a domain by its number. */
  countOf(id: number): number {
    return id < 0 ? 0 : (this.#counts[id] as number);
  }

  /** Pods that match on the node at this place of the list. */
  podsOn(at: number): number {
    return this.#podsAt[at] as number;
  }

  /** Pods that match on a node, 0 for one that is not there. */
  podsOnNode(name: string): number {
    const at = this.#places.get(name);
    return at === undefined ? 0 : (this.#podsAt[at] as number);
  }

  #idOf(domain: string): number {
    const known = this.#ids.get(domain);
    if (known !== undefined) return known;
    const id = this.#counts.length;
    this.#ids.set(domain, id);
    this.#counts.push(0);
    this.#nodes.push(0);
    return id;
  }

  #add(id: number, pods: number, nodes: 1 | -1): void {
    (this.#counts[id] as number) += pods;
    const before = this.#nodes[id] as number;
    this.#nodes[id] = before + nodes;
    if (before === 0) this.#size++;
    else if (before + nodes === 0) this.#size--;
  }

  #findLeast(): number {
    let least = Number.MAX_SAFE_INTEGER;
    for (let id = 0; id < this.#counts.length; id++) {
      if (this.#nodes[id] === 0) continue;
      const count = this.#counts[id] as number;
      if (count < least) least = count;
    }
    return least === Number.MAX_SAFE_INTEGER ? 0 : least;
  }
}
