import type { NodeState } from '../framework/node-state.js';

/** Some of the nodes, in no particular order; each comes and goes in constant time. */
export class NodeSubset {
  readonly #nodes: NodeState[] = [];
  readonly #places = new Map<NodeState, number>();

  /** Changes as nodes come and go. */
  get list(): readonly NodeState[] {
    return this.#nodes;
  }

  /** Puts a node in, or takes it out, whatever it was before. */
  set(node: NodeState, isIn: boolean): void {
    const place = this.#places.get(node);
    if (isIn === (place !== undefined)) return;
    if (place === undefined) {
      this.#places.set(node, this.#nodes.length);
      this.#nodes.push(node);
      return;
    }
    this.#places.delete(node);
    const last = this.#nodes.pop() as NodeState;
    if (last === node) return;
    this.#nodes[place] = last;
    this.#places.set(last, place);
  }
}
