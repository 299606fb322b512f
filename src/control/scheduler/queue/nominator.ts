import type { PodInfo } from '../framework/node-info.js';

/** Pods that were promised a node, and do not run there yet. */
export class Nominator {
  /** By node, then by uid. Invariant: no map is empty. */
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodes = new Map<string, string>();
  readonly #onChange: (nodeName: string) => void;

  /** `onChange` is told of each node whose promises are others now. */
  constructor(onChange: (nodeName: string) => void = () => {}) {
    this.#onChange = onChange;
  }

  /** No pod is promised anything. */
  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** Promises; what the pod was promised before is taken back. An empty name is no promise. */
  nominate(info: PodInfo, nodeName: string): void {
    this.clear(info.uid);
    if (nodeName === '') return;
    this.#nodes.set(info.uid, nodeName);
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) this.#byNode.set(nodeName, new Map([[info.uid, info]]));
    else pods.set(info.uid, info);
    this.#onChange(nodeName);
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
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) return;
    pods.delete(uid);
    if (pods.size === 0) this.#byNode.delete(nodeName);
    this.#onChange(nodeName);
  }

  /** '' when it is promised none. */
  nodeOf(uid: string): string {
    return this.#nodes.get(uid) ?? '';
  }

  /** Whether any pod is promised the node. */
  hasPromises(nodeName: string): boolean {
    return this.#byNode.has(nodeName);
  }

  podsOf(nodeName: string): readonly PodInfo[] {
    const pods = this.#byNode.get(nodeName);
    return pods === undefined ? none : [...pods.values()];
  }
}

const none: readonly PodInfo[] = [];
