import { labelOf } from '../../../machinery/labels.js';
import type { AffinityTerm, NodeInfo } from '../../framework/node-info.js';
import { type NodeSink, NodeTracker } from '../node-tracker.js';
import type { NamespaceLabels } from './namespace-labels.js';
import { weigh } from './term-index.js';
import { allTermsMatch } from './term-matching.js';

/** How many pods that terms all match there are, by one topology label of their nodes. */
export interface TopologyCounts {
  readonly topologyKey: string;
  /** By the label's value; never 0. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Counts the pods that some terms all match, by the topologies of the terms. Only nodes that have changed are counted again. */
export class MatchingPods implements NodeSink {
  readonly #terms: readonly AffinityTerm[];
  readonly #namespaces: NamespaceLabels;
  readonly #selectsNamespaces: boolean;
  #namespacesVersion: number;
  #tracker = new NodeTracker();
  readonly #topologies: readonly (TopologyCounts & { readonly counts: Map<string, number> })[];
  /** By place of the node. */
  #podCounts = new Int32Array(0);
  /** By place of the node, and then by topology: the value that its pods were counted for; meaningless without pods. */
  #values: (string | undefined)[] = [];

  constructor(terms: readonly AffinityTerm[], namespaces: NamespaceLabels) {
    this.#terms = terms;
    this.#namespaces = namespaces;
    this.#namespacesVersion = namespaces.version;
    this.#selectsNamespaces = terms.some(({ namespaceSelector }) => namespaceSelector !== null);
    const keys = new Set(terms.map(({ topologyKey }) => topologyKey));
    this.#topologies = [...keys].map((topologyKey) => ({ topologyKey, counts: new Map() }));
  }

  update(nodes: readonly NodeInfo[]): void {
    const { version } = this.#namespaces;
    if (this.#selectsNamespaces && version !== this.#namespacesVersion) {
      this.#tracker = new NodeTracker();
    }
    this.#namespacesVersion = version;
    this.#tracker.update(nodes, this);
  }

  /** As of the last {@link update}; one for each label that the terms name. */
  get topologies(): readonly TopologyCounts[] {
    return this.#topologies;
  }

  reset(nodeCount: number): void {
    for (const { counts } of this.#topologies) counts.clear();
    this.#podCounts = new Int32Array(nodeCount);
    this.#values = new Array<undefined>(nodeCount * this.#topologies.length).fill(undefined);
  }

  change(at: number, { node, pods }: NodeInfo): void {
    let count = 0;
    for (const { pod } of pods) if (allTermsMatch(this.#terms, pod, this.#namespaces)) count++;
    const before = this.#podCounts[at] as number;
    if (before === 0 && count === 0) return;
    const { labels } = node.metadata;
    this.#topologies.forEach(({ topologyKey, counts }, index) => {
      const place = at * this.#topologies.length + index;
      const old = this.#values[place];
      if (before > 0 && old !== undefined) weigh(counts, old, -before);
      const value = labelOf(labels, topologyKey);
      if (count > 0 && value !== undefined) weigh(counts, value, count);
      this.#values[place] = value;
    });
    this.#podCounts[at] = count;
  }
}
