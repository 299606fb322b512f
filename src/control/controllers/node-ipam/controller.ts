import type { Node } from '../../api/gen/core-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { Controller, ControllerParts } from '../controller.js';
import { changeNode } from '../nodes/change-node.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import type { CidrSet } from './cidr-set.js';
import { occupyPodCidrs, podCidrsOf, releasePodCidrs, takePodCidrs } from './plan.js';

const pauses = { baseMs: 100, maxMs: 60_000 };
const workers = 8;

/** Gives each node networks for its pods. A node keeps them as long as it is there; what nodes have is where it is kept. */
export class NodeIpamController implements Controller {
  readonly name = 'node-ipam-controller';
  readonly #parts: ControllerParts;
  readonly #sets: readonly CidrSet[];
  readonly #queue: WorkQueue;
  readonly #nodes: Informer<Node>;
  /** What is taken for each node. Invariant: the sets have it as taken. */
  readonly #taken = new Map<string, readonly string[]>();

  constructor(parts: ControllerParts, sets: readonly CidrSet[]) {
    this.#parts = parts;
    this.#sets = sets;
    this.#queue = new WorkQueue(parts.clock, pauses);
    this.#nodes = parts.informers.of(resources.nodes);
    this.#nodes.addHandler({
      onAdd: (node) => this.#onNode(node),
      onUpdate: (_, after) => this.#onNode(after),
      onDelete: (node) => this.#onGone(node),
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'cidrallocator', queue: this.#queue, signal, workers },
      ...{ informers: [this.#nodes], forgets: false },
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  #onNode(node: Node): void {
    const { name = '' } = node.metadata;
    const shown = podCidrsOf(node);
    if (shown.length === 0) {
      this.#queue.add(name);
      return;
    }
    const taken = this.#taken.get(name) ?? [];
    if (deepEqual(taken, shown)) return;
    occupyPodCidrs(this.#sets, shown);
    releasePodCidrs(this.#sets, taken);
    this.#taken.set(name, shown);
  }

  #onGone({ metadata: { name = '' } }: Node): void {
    releasePodCidrs(this.#sets, this.#taken.get(name) ?? []);
    this.#taken.delete(name);
    this.#queue.forget(name);
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const node = this.#nodes.lister.byKey(name);
    if (node === undefined || podCidrsOf(node).length > 0) return this.#queue.forget(name);
    const taken = this.#taken.get(name) ?? takePodCidrs(this.#sets);
    if (taken === null) {
      const text = `Node ${name} status is now: CIDRNotAvailable`;
      this.#parts.events.event(node, 'Normal', 'CIDRNotAvailable', text);
      this.#queue.addRateLimited(name);
      return;
    }
    this.#taken.set(name, taken);
    const [podCIDR = ''] = taken;
    // A node's networks are set once: what another has given it meanwhile stays, and the informer will show it.
    const patchOf = (current: Node) =>
      podCidrsOf(current).length > 0 ? null : { spec: { podCIDR, podCIDRs: [...taken] } };
    await changeNode(this.#parts.client.objects(resources.nodes), node, patchOf, { signal });
    this.#queue.forget(name);
  }
}
