import { assert } from '../../../base/assert.js';
import type { Node } from '../../api/gen/core-v1.js';
import type { PodInfo } from '../framework/node-info.js';
import { NodeState } from '../framework/node-state.js';
import type { NodeList } from '../framework/plugin.js';
import { NodeOrder, zoneOf } from './node-order.js';
import { NodeSubset } from './node-subset.js';

interface PlacedPod {
  info: PodInfo;
  nodeName: string;
  /** The scheduler has decided, and the API has not shown it yet. */
  isAssumed: boolean;
}

interface PlacedNode {
  readonly state: NodeState;
  zone: string;
}

/**
 * The nodes with the pods that run on them, as the API shows them and as the scheduler has decided since. There is one thread and a
 * cycle's search is synchronous, so this is its own snapshot: every change costs what it touches, and a cycle that begins costs
 * nothing. Pods of nodes that are not known (yet, or any more) are kept aside until their node comes.
 */
export class SchedulerCache implements NodeList {
  readonly #nodes = new Map<string, PlacedNode>();
  /** Invariant: a pod is on the NodeState of its `nodeName` if there is one, and else in `#strays`. */
  readonly #pods = new Map<string, PlacedPod>();
  /** Pods by the name of a node that is not there. Invariant: no set is empty. */
  readonly #strays = new Map<string, Map<string, PodInfo>>();
  readonly #order = new NodeOrder();
  readonly #withAffinity = new NodeSubset();
  readonly #withAntiAffinity = new NodeSubset();
  #assumedCount = 0;

  get all(): readonly NodeState[] {
    return this.#order.list();
  }

  get withAffinityPods(): readonly NodeState[] {
    return this.#withAffinity.list;
  }

  get withRequiredAntiAffinityPods(): readonly NodeState[] {
    return this.#withAntiAffinity.list;
  }

  get(name: string): NodeState | undefined {
    return this.#nodes.get(name)?.state;
  }

  /** Something besides it and its pods that was counted for the node has changed. Unknown names are ignored. */
  touch(name: string): void {
    this.#nodes.get(name)?.state.touch();
  }

  /** How much there is, for metrics. */
  get sizes(): { readonly nodes: number; readonly pods: number; readonly assumedPods: number } {
    return { nodes: this.#nodes.size, pods: this.#pods.size, assumedPods: this.#assumedCount };
  }

  /** A node is there, or has changed. */
  setNode(node: Node): void {
    const name = node.metadata.name ?? '';
    const zone = zoneOf(node);
    const known = this.#nodes.get(name);
    if (known !== undefined) {
      known.state.setNode(node);
      if (known.zone === zone) return;
      this.#order.remove(known.state, known.zone);
      known.zone = zone;
      this.#order.add(known.state, zone);
      return;
    }
    const state = new NodeState(node, this.#strays.get(name)?.values());
    this.#strays.delete(name);
    this.#nodes.set(name, { state, zone });
    this.#order.add(state, zone);
    this.#updateSubsets(state);
  }

  /** A node is gone; its pods go when the API says so. Unknown names are ignored. */
  removeNode(name: string): void {
    const known = this.#nodes.get(name);
    if (known === undefined) return;
    const { state, zone } = known;
    this.#nodes.delete(name);
    this.#order.remove(state, zone);
    this.#withAffinity.set(state, false);
    this.#withAntiAffinity.set(state, false);
    if (state.pods.length === 0) return;
    this.#strays.set(name, new Map(state.pods.map((info) => [info.uid, info])));
  }

  /** The API shows a pod on its node, for the first time or changed. It ends the assumption, even one of another node. */
  setPod(info: PodInfo): void {
    const nodeName = info.pod.spec?.nodeName ?? '';
    assert(nodeName !== '', `pod ${info.key} is on no node`);
    this.#place(info, nodeName, false);
  }

  /** The scheduler has decided, and goes on as if the pod was there. */
  assume(info: PodInfo, nodeName: string): void {
    assert(!this.#pods.has(info.uid), `pod ${info.key} is placed already`);
    this.#place(info, nodeName, true);
  }

  /** Takes an assumption back. What the API has shown since is left alone. */
  forget(uid: string): void {
    if (this.isAssumed(uid)) this.removePod(uid);
  }

  isAssumed(uid: string): boolean {
    return this.#pods.get(uid)?.isAssumed === true;
  }

  /** Whether it is on a node, shown or assumed. */
  hasPod(uid: string): boolean {
    return this.#pods.has(uid);
  }

  /** A pod is gone, or uses nothing any more. Unknown ones are ignored. */
  removePod(uid: string): void {
    const placed = this.#pods.get(uid);
    if (placed === undefined) return;
    this.#pods.delete(uid);
    if (placed.isAssumed) this.#assumedCount--;
    const { info, nodeName } = placed;
    const state = this.#nodes.get(nodeName)?.state;
    if (state !== undefined) {
      state.remove(info);
      this.#updateSubsets(state);
      return;
    }
    const strays = this.#strays.get(nodeName);
    assert(strays?.delete(uid) === true, `pod ${info.key} is nowhere`);
    if (strays.size === 0) this.#strays.delete(nodeName);
  }

  #place(info: PodInfo, nodeName: string, isAssumed: boolean): void {
    this.removePod(info.uid);
    this.#pods.set(info.uid, { info, nodeName, isAssumed });
    if (isAssumed) this.#assumedCount++;
    const state = this.#nodes.get(nodeName)?.state;
    if (state !== undefined) {
      state.add(info);
      this.#updateSubsets(state);
      return;
    }
    const strays = this.#strays.get(nodeName);
    if (strays === undefined) this.#strays.set(nodeName, new Map([[info.uid, info]]));
    else strays.set(info.uid, info);
  }

  #updateSubsets(state: NodeState): void {
    this.#withAffinity.set(state, state.podsWithAffinity.length > 0);
    this.#withAntiAffinity.set(state, state.podsWithRequiredAntiAffinity.length > 0);
  }
}
