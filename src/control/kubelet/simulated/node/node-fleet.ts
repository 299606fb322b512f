import type { Clock } from '../../../../base/clock.js';
import type { Logger } from '../../../../base/logger.js';
import type { Prng } from '../../../../base/prng.js';
import type { Lease } from '../../../api/gen/coordination-v1.js';
import type { Node } from '../../../api/gen/core-v1.js';
import { type ControlClient, resources, runWorkers, WorkQueue } from '../../../client/index.js';
import type { JsonObject } from '../../../machinery/json.js';
import { StatusError } from '../../../machinery/status.js';
import { parseTime } from '../../../machinery/time.js';
import type { SimulatedNodeSettings } from '../settings.js';
import { labelsOf, leaseNamespace, leaseObject, nodeObject, nodeStatus } from './node-object.js';
import type { SimulatedNode } from './simulated-node.js';

const renewalsMax = 3;

/** What a fleet is made with. */
export interface NodeFleetOptions {
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly nodes: readonly SimulatedNode[];
  readonly settings: SimulatedNodeSettings;
  readonly writers: number;
  /** A node is registered: its pods may begin. */
  readonly onRegistered: (node: SimulatedNode) => void;
}

/** Registers nodes, renews their leases and writes their status, each at times of its own so that the server has a steady load. */
export class NodeFleet {
  readonly #options: NodeFleetOptions;
  readonly #byName: ReadonlyMap<string, SimulatedNode>;
  readonly #queue: WorkQueue;
  readonly #leaseMs: number;

  constructor(options: NodeFleetOptions) {
    this.#options = options;
    this.#byName = new Map(options.nodes.map((node) => [node.name, node]));
    this.#queue = new WorkQueue(options.clock);
    this.#leaseMs = (options.settings.leaseSeconds * 1000) / 4;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { nodes, writers, logger } = this.#options;
    for (const { name } of nodes) this.#queue.add(name);
    const reconcile = (name: string) => this.#reconcile(name, signal);
    await runWorkers({ queue: this.#queue, workers: writers, logger, reconcile, signal });
  }

  /** Something about the node has changed: it is looked at now. */
  wake(node: SimulatedNode): void {
    node.leaseAtMs = 0;
    node.statusAtMs = 0;
    this.#queue.add(node.name);
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const { clock, onRegistered } = this.#options;
    const node = this.#byName.get(name);
    if (node === undefined || !node.isRunning) return;
    if (node.registered === null) {
      const registered = await this.#register(node, signal);
      if (registered === null) return;
      node.registered = registered;
      node.setPodCidr(registered.spec?.podCIDR);
      // At once, whatever fails from here on: nobody else wakes the pods that have waited for it.
      onRegistered(node);
      node.statusAtMs = this.#later(this.#options.settings.statusMs);
      node.leaseAtMs = 0;
    }
    if (node.statusAtMs <= clock.now()) {
      if (!(await this.#writeStatus(node, signal))) return;
      node.statusAtMs = clock.now() + this.#options.settings.statusMs;
    }
    if (node.leaseAtMs <= clock.now()) {
      const isFirst = node.lease === null;
      await this.#renew(node, node.registered, signal);
      node.leaseAtMs = isFirst ? this.#later(this.#leaseMs) : clock.now() + this.#leaseMs;
    }
    this.#queue.addAfter(name, Math.min(node.leaseAtMs, node.statusAtMs) - clock.now());
  }

  /** Anywhere within the interval: nodes that begin together do not stay together. */
  #later(intervalMs: number): number {
    const { clock, prng } = this.#options;
    return clock.now() + intervalMs * prng.float();
  }

  /** Null: it was deleted meanwhile. */
  async #register(node: SimulatedNode, signal: AbortSignal): Promise<Node | null> {
    const { client, clock, settings } = this.#options;
    const nodes = client.objects(resources.nodes);
    const nowMs = clock.wallTime();
    node.readySinceMs = nowMs;
    try {
      return await nodes.create(nodeObject(node, settings, nowMs), { signal });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    }
    const labels = { metadata: { labels: labelsOf(node, settings) } };
    const known = await nodes.patch({ name: node.name }, 'merge', labels, { signal });
    const ready = known.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') {
      node.readySinceMs = parseTime(ready.lastTransitionTime ?? '') ?? nowMs;
    }
    return (await this.#writeStatus(node, signal)) ? known : null;
  }

  /** False: the node is not there any more. A kubelet does not make it again until it is restarted. */
  async #writeStatus(node: SimulatedNode, signal: AbortSignal): Promise<boolean> {
    const { client, clock, settings, logger } = this.#options;
    const status = nodeStatus(node, settings, clock.wallTime(), node.readySinceMs);
    const patch = { status: status as unknown as JsonObject };
    const options = { subresource: 'status', signal };
    try {
      await client.objects(resources.nodes).patch({ name: node.name }, 'strategic', patch, options);
      return true;
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
    }
    logger.info('the node was deleted; it stays away until it is started again', {
      node: node.name,
    });
    node.isRunning = false;
    node.registered = null;
    node.lease = null;
    return false;
  }

  async #renew(node: SimulatedNode, registered: Node, signal: AbortSignal): Promise<void> {
    const { client, clock, settings } = this.#options;
    const leases = client.objects(resources.leases);
    const wanted = leaseObject(registered, settings.leaseSeconds, clock.wallTime());
    for (let tries = 1; ; tries++) {
      try {
        node.lease =
          node.lease === null
            ? await leases.create(wanted, { signal })
            : await leases.update(renewed(node.lease, wanted), { signal });
        return;
      } catch (error) {
        if (tries === renewalsMax || !(await this.#relearn(node, error, signal))) throw error;
      }
    }
  }

  /** Finds out what is there of a lease that was not as it was thought to be. False: that was not the trouble. */
  async #relearn(node: SimulatedNode, error: unknown, signal: AbortSignal): Promise<boolean> {
    if (!(error instanceof StatusError)) return false;
    if (error.reason === 'NotFound') node.lease = null;
    else if (error.reason === 'AlreadyExists' || error.reason === 'Conflict') {
      const leases = this.#options.client.objects(resources.leases);
      node.lease = await leases.get({ name: node.name, namespace: leaseNamespace }, { signal });
    } else return false;
    return true;
  }
}

function renewed(lease: Lease, { metadata, spec }: Lease): Lease {
  const { ownerReferences = [] } = metadata;
  return { ...lease, metadata: { ...lease.metadata, ownerReferences }, spec: { ...spec } };
}
