import { sleep } from '../../../base/clock.js';
import type { Lease } from '../../api/gen/coordination-v1.js';
import type { Node, Pod } from '../../api/gen/core-v1.js';
import {
  type Informer,
  objectKey,
  resources,
  UnreachableError,
  WorkQueue,
} from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import { formatTime } from '../../machinery/time.js';
import type { Controller, ControllerParts } from '../controller.js';
import { changeNode, taintsPatch } from '../nodes/change-node.js';
import { isNodeReady, nodeCondition, zoneKeyOf } from '../nodes/node-state.js';
import { podsByNode, podsByNodeIndex } from '../nodes/pods-by-node.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { Evictor } from './evictor.js';
import { NodeHealth } from './health.js';
import { missingLabels } from './labels.js';
import { type NodePlan, planNode } from './plan.js';
import { markPodNotReady } from './pods-not-ready.js';
import { withConditionTaints, withEvictionTaint } from './taints.js';
import { type EvictionRates, planZones, type ZoneCount, type ZoneState } from './zones.js';

/** What the flags of the controller manager say. */
export interface NodeLifecycleOptions {
  /** How often nodes are looked at. */
  readonly monitorMs: number;
  /** A node that shows no sign of life for so long is lost. */
  readonly graceMs: number;
  readonly startupGraceMs: number;
  readonly rates: EvictionRates;
}

const nodeWorkers = 8;
const podWorkers = 4;
const writersMax = 8;
const leaseNamespace = 'kube-node-lease';
const excludedLabel = 'node.kubernetes.io/exclude-disruption';

/**
 * Watches over nodes: says of those that show no sign of life that nobody knows how they are, takes their pods out of service, and
 * taints nodes by their conditions. A look at all nodes costs a comparison each; only what changes is written.
 */
export class NodeLifecycleController implements Controller {
  readonly name = 'node-lifecycle-controller';
  readonly #parts: ControllerParts;
  readonly #options: NodeLifecycleOptions;
  /** Of nodes whose taints and labels may have to follow. */
  readonly #nodeQueue: WorkQueue;
  /** Of pods that may stand on a lost node. */
  readonly #podQueue: WorkQueue;
  /** Of nodes that are to be evicted now. */
  readonly #evictionQueue: WorkQueue;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #leases: Informer<Lease>;
  readonly #health = new NodeHealth();
  readonly #evictor: Evictor;
  #zones: ReadonlyMap<string, ZoneState> = new Map();

  constructor(parts: ControllerParts, options: NodeLifecycleOptions) {
    const { clock, informers } = parts;
    this.#parts = parts;
    this.#options = options;
    this.#nodeQueue = new WorkQueue(clock);
    this.#podQueue = new WorkQueue(clock);
    this.#evictionQueue = new WorkQueue(clock);
    this.#evictor = new Evictor(clock, options.rates.normal, (name) =>
      this.#evictionQueue.add(name),
    );
    this.#nodes = informers.of(resources.nodes);
    this.#pods = informers.of(resources.pods, { indexes: podsByNodeIndex });
    this.#leases = informers.of(resources.leases);
    this.#watchNodes();
    this.#watchLeases();
    this.#watchPods();
  }

  async run(signal: AbortSignal): Promise<void> {
    const informers = [this.#nodes, this.#pods, this.#leases];
    const parts = this.#parts;
    const loop = (
      name: string,
      queue: WorkQueue,
      workers: number,
      reconcile: (key: string) => Promise<void>,
    ) => reconcileLoop({ ...{ parts, name, queue, informers, workers, reconcile, signal } });
    await Promise.all([
      loop('node_lifecycle_controller', this.#nodeQueue, nodeWorkers, (name) =>
        this.#reconcileNode(name, signal),
      ),
      loop('node_lifecycle_controller_pods', this.#podQueue, podWorkers, (key) =>
        this.#reconcilePod(key, signal),
      ),
      loop('node_lifecycle_controller_evictions', this.#evictionQueue, 1, (name) =>
        this.#evict(name, signal),
      ),
      this.#monitor(signal),
    ]);
  }

  #watchNodes(): void {
    const { clock, events } = this.#parts;
    const onNode = (node: Node) => {
      this.#health.onNode(node, clock.now(), clock.wallTime());
      this.#nodeQueue.add(node.metadata.name ?? '');
    };
    const tell = (node: Node, reason: string, what: string) => {
      const { name } = node.metadata;
      events.event(node, 'Normal', reason, `Node ${name} event: ${what}`);
    };
    this.#nodes.addHandler({
      onAdd: (node) => {
        onNode(node);
        tell(node, 'RegisteredNode', `Registered Node ${node.metadata.name} in Controller`);
      },
      onUpdate: (_, after) => onNode(after),
      onDelete: (node) => {
        const { name = '' } = node.metadata;
        this.#health.forget(name);
        this.#evictor.remove(name);
        tell(node, 'RemovingNode', `Removing Node ${name} from Controller`);
      },
    });
  }

  #watchLeases(): void {
    const onLease = ({ metadata, spec }: Lease) => {
      if (metadata.namespace !== leaseNamespace) return;
      this.#health.onLease(metadata.name ?? '', spec?.renewTime, this.#parts.clock.now());
    };
    this.#leases.addHandler({ onAdd: onLease, onUpdate: (_, after) => onLease(after) });
  }

  #watchPods(): void {
    const onBound = (pod: Pod) => {
      const node = this.#nodes.lister.byKey(pod.spec?.nodeName ?? '');
      if (node !== undefined && !isNodeReady(node)) this.#podQueue.add(objectKey(pod));
    };
    this.#pods.addHandler({
      onAdd: onBound,
      onUpdate: (before, after) => {
        if (before.spec?.nodeName !== after.spec?.nodeName) onBound(after);
      },
    });
  }

  async #monitor(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const { monitorMs, graceMs } = this.#options;
    try {
      await Promise.all(
        [this.#nodes, this.#pods, this.#leases].map((each) => each.untilSynced(signal)),
      );
      for (let lastMs = clock.now(); ; ) {
        const nowMs = clock.now();
        // This process stood still: it has heard nobody, and that is not the nodes' fault.
        if (nowMs - lastMs > monitorMs + graceMs / 2) this.#health.onHearingAgain(nowMs);
        lastMs = nowMs;
        await this.#lookAtAll(signal);
        await sleep(clock, monitorMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#evictor.close();
    }
  }

  async #lookAtAll(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const [nowMs, now] = [clock.now(), formatTime(clock.wallTime())];
    const counts = new Map<string, ZoneCount>();
    const toWrite: { readonly node: Node; readonly plan: NodePlan }[] = [];
    for (const node of this.#nodes.lister.all()) {
      const { name = '', labels = {} } = node.metadata;
      const silenceMs = this.#health.silenceMs(name, nowMs) ?? 0;
      const { graceMs, startupGraceMs } = this.#options;
      const plan = planNode({ ...{ node, silenceMs, graceMs, startupGraceMs, now } });
      const zone = zoneKeyOf(node);
      if (labels[excludedLabel] === undefined) count(counts, zone, plan.isReady);
      if (plan.eviction === 'queue') this.#evictor.add(zone, name);
      else this.#evictor.remove(name);
      if (plan.conditions !== null || plan.eviction === 'swap' || plan.eviction === 'clear') {
        toWrite.push({ node, plan });
      }
    }
    const turn = this.#applyZones(counts);
    const isSparing = turn === 'stop' || this.#isAllLost();
    await forEachAtOnce(writersMax, toWrite, ({ node, plan }) =>
      this.#orLater(node, () => this.#act(node, plan, isSparing, signal), signal),
    );
  }

  #applyZones(counts: ReadonlyMap<string, ZoneCount>): 'stop' | 'resume' | 'none' {
    const { clock, logger } = this.#parts;
    const plan = planZones(this.#zones, counts, this.#options.rates);
    for (const [zone, rate] of plan.rates) {
      logger.info('a zone has a new rate of evictions', {
        zone: zone.replace('\0', ''),
        state: plan.states.get(zone),
        rate,
      });
      this.#evictor.setRate(zone, rate);
    }
    if (plan.turn === 'stop') logger.warn('no node is ready: nobody is evicted');
    if (plan.turn === 'resume') this.#health.onHearingAgain(clock.now());
    this.#zones = plan.states;
    return plan.turn;
  }

  #isAllLost(): boolean {
    return [...this.#zones.values()].every((state) => state === 'full');
  }

  async #act(node: Node, plan: NodePlan, isSparing: boolean, signal: AbortSignal): Promise<void> {
    const { client, clock, events } = this.#parts;
    const nodes = client.objects(resources.nodes);
    if (plan.eviction === 'swap' || plan.eviction === 'clear') {
      const now = formatTime(clock.wallTime());
      const patchOf = (current: Node) =>
        taintsPatch(withEvictionTaint(current, { isEvicting: !isSparing, now }));
      await changeNode(nodes, node, patchOf, { signal });
    }
    if (plan.conditions === null) return;
    // A node that has changed meanwhile lives: the next look sees how it is.
    const status = { ...node.status, conditions: [...plan.conditions] };
    const { resourceVersion, name = '' } = node.metadata;
    const patch = {
      metadata: resourceVersion === undefined ? {} : { resourceVersion },
      status: { conditions: status.conditions.map((condition) => ({ ...condition })) },
    };
    const written = await nodes
      .patch({ name }, 'merge', patch, { subresource: 'status', signal })
      .catch(ignoreNotFound);
    if (written === null) return;
    this.#health.onOwnWrite(written);
    if (!plan.isLost) return;
    events.event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
    for (const pod of this.#pods.lister.byIndex(podsByNode, name)) {
      this.#podQueue.add(objectKey(pod));
    }
  }

  /** What cannot be written now is found again at the next look. */
  async #orLater(node: Node, act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
      const { name = '' } = node.metadata;
      this.#parts.logger.warn('cannot write how a node is', { node: name, error: error.message });
    }
  }

  async #evict(name: string, signal: AbortSignal): Promise<void> {
    const node = this.#nodes.lister.byKey(name);
    if (node === undefined || this.#isAllLost()) return;
    const { client, clock } = this.#parts;
    const now = formatTime(clock.wallTime());
    const patchOf = (current: Node) =>
      taintsPatch(withEvictionTaint(current, { isEvicting: true, now }));
    await changeNode(client.objects(resources.nodes), node, patchOf, { signal });
  }

  async #reconcileNode(name: string, signal: AbortSignal): Promise<void> {
    const node = this.#nodes.lister.byKey(name);
    if (node === undefined) return;
    const { client, clock } = this.#parts;
    const nodes = client.objects(resources.nodes);
    const now = formatTime(clock.wallTime());
    const patchOf = (current: Node) => taintsPatch(withConditionTaints(current, now));
    await changeNode(nodes, node, patchOf, { signal });
    const labels = missingLabels(node);
    if (labels === null) return;
    await nodes
      .patch({ name }, 'merge', { metadata: { labels } }, { signal })
      .catch(ignoreNotFound);
  }

  async #reconcilePod(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.lister.byKey(key);
    const node = this.#nodes.lister.byKey(pod?.spec?.nodeName ?? '');
    if (pod === undefined || node === undefined) return;
    const status = nodeCondition(node, 'Ready')?.status;
    if (status === undefined) return;
    if (status === 'True') {
      // The informer may not show yet what this controller has written of the node.
      const fresh = await this.#parts.client
        .objects(resources.nodes)
        .get({ name: node.metadata.name ?? '' }, { signal })
        .catch(ignoreNotFound);
      if (fresh === null || isNodeReady(fresh)) return;
    }
    await markPodNotReady(this.#parts, pod, { signal });
  }
}

function count(counts: Map<string, ZoneCount>, zone: string, isReady: boolean): void {
  const { ready, notReady } = counts.get(zone) ?? { ready: 0, notReady: 0 };
  counts.set(zone, { ready: ready + (isReady ? 1 : 0), notReady: notReady + (isReady ? 0 : 1) });
}

/** Does something for each item, for `atOnce` of them at a time. */
async function forEachAtOnce<T>(
  atOnce: number,
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const work = async () => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
}
