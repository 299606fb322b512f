import type { PodInfo } from '../framework/node-info.js';
import { nextGeneration } from '../framework/node-state.js';

/** Pods that were promised a node, and do not run there yet. */
export class Nominator {
  /** Invariant: no map of pods is empty. */
  readonly #byNode = new Map<string, Promises>();
  readonly #nodes = new Map<string, string>();

  /** No pod is promised anything. */
  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** Promises; what the pod was promised before is taken back. An empty name is no promise. */
  nominate(info: PodInfo, nodeName: string): void {
    this.clear(info.uid);
    if (nodeName === '') return;
    this.#nodes.set(info.uid, nodeName);
    let promises = this.#byNode.get(nodeName);
    if (promises === undefined) {
      promises = { pods: new Map(), generation: 0 };
      this.#byNode.set(nodeName, promises);
    }
    promises.pods.set(info.uid, info);
    promises.generation = nextGeneration();
  }

  /** The pod has changed; what it is promised stays. */
  update(info: PodInfo): void {
    const nodeName = this.#nodes.get(info.uid);
    if (nodeName !== undefined) this.nominate(info, nodeName);
  }

  clear(uid: string): void {
    const nodeName = this.#nodes.get(uid);
    if (nodeName === undefined) return;
    this.#nodes.delete(uid);
    const promises = this.#byNode.get(nodeName);
    if (promises === undefined) return;
    promises.pods.delete(uid);
    promises.generation = nextGeneration();
    if (promises.pods.size === 0) this.#byNode.delete(nodeName);
  }

  /** '' when it is promised none. */
  nodeOf(uid: string): string {
    return this.#nodes.get(uid) ?? '';
  }

  /**
   * 0 while no pod is promised the node; else a number that changes with each promise, and that no node has had as its own generation:
   * the larger of the two says whether the node with its promises is as it was.
   */
  generationOf(nodeName: string): number {
    return this.#byNode.get(nodeName)?.generation ?? 0;
  }

  podsOf(nodeName: string): readonly PodInfo[] {
    const promises = this.#byNode.get(nodeName);
    return promises === undefined ? none : [...promises.pods.values()];
  }
}

interface Promises {
  readonly pods: Map<string, PodInfo>;
  generation: number;
}

const none: readonly PodInfo[] = [];
