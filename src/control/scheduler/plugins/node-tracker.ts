import type { NodeInfo } from '../framework/node-info.js';

/** What is computed of each node, and kept while the node stays as it is. */
export interface NodeSink {
  /** Forgets all. Each of the nodes is told as a change next. */
  reset(nodeCount: number): void;
  /** The node at this place of the list is new, or has changed. */
  change(at: number, node: NodeInfo): void;
}

/** Tells which nodes of a list have changed since the last time, by their generations. */
export class NodeTracker {
  #names: readonly string[] = [];
  /** By place in the list, as `#names`. */
  #generations = new Float64Array(0);

  /** Brings `sink`, which must always be the same, up to date with the nodes. */
  update(nodes: readonly NodeInfo[], sink: NodeSink): void {
    const generations = this.#generations;
    if (nodes.length !== generations.length) {
      this.#reset(nodes, sink);
      return;
    }
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at] as NodeInfo;
      if (node.generation === generations[at]) continue;
      if (node.name !== this.#names[at]) {
        this.#reset(nodes, sink);
        return;
      }
      generations[at] = node.generation;
      sink.change(at, node);
    }
  }

  #reset(nodes: readonly NodeInfo[], sink: NodeSink): void {
    this.#names = nodes.map(({ name }) => name);
    this.#generations = Float64Array.from(nodes, ({ generation }) => generation);
    sink.reset(nodes.length);
    nodes.forEach((node, at) => {
      sink.change(at, node);
    });
  }
}
