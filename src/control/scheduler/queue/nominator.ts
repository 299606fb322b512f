import type { PodInfo } from '../framework/node-info.js';

/** Pods that were promised a node, and do not run there yet. */
export class Nominator {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
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
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) this.#byNode.set(nodeName, new Map([[info.uid, info]]));
    else pods.set(info.uid, info);
  }

  /** The pod has changed; what it is promised stays. */
  update(info: PodInfo): void {
    const nodeName = this.#nodes.get(info.uid);
    if (nodeName !== undefined) this.#byNode.get(nodeName)?.set(info.uid, info);
  }

  clear(uid: string): void {
    const nodeName = this.#nodes.get(uid);
    if (nodeName === undefined) return;
    this.#nodes.delete(uid);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  /** '' when it is promised none. */
  nodeOf(uid: string): string {
    return this.#nodes.get(uid) ?? '';
  }

  podsOf(nodeName: string): readonly PodInfo[] {
    const pods = this.#byNode.get(nodeName);
    return pods === undefined ? none : [...pods.values()];
  }
}

const none: readonly PodInfo[] = [];
