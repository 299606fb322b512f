import { assert } from '../../../base/assert.js';
import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import type { Node } from '../../api/gen/core-v1.js';
import { type ControlClient, Informer, resources } from '../../client/index.js';
import { NodeFleet } from './node/node-fleet.js';
import { addressOf } from './node/node-object.js';
import { SimulatedNode } from './node/simulated-node.js';
import { PodEventWriter } from './pod/pod-events.js';
import { PodRunner } from './pod/pod-runner.js';
import type { SimulatedFleetSettings } from './settings.js';

/** What simulated nodes work with. */
export interface SimulatedNodesParts {
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
}

/** What is known of the fleet. */
export interface FleetState {
  readonly nodes: readonly {
    readonly name: string;
    readonly isRunning: boolean;
    readonly isRegistered: boolean;
  }[];
  readonly pods: number;
}

/**
 * Nodes without machines: they register, report and run pods as kubelets do, with nothing behind it. What is to be known is in the API,
 * so that they go on where they were when they are started again.
 */
export class SimulatedNodes {
  readonly #parts: SimulatedNodesParts;
  readonly #nodes: ReadonlyMap<string, SimulatedNode>;
  readonly #fleet: NodeFleet;
  readonly #runner: PodRunner;

  constructor(parts: SimulatedNodesParts, settings: SimulatedFleetSettings) {
    assert(new Set(settings.names).size === settings.names.length, 'two nodes of one name');
    const { writers } = settings;
    const nodes = settings.names.map(
      (name, at) => new SimulatedNode({ name, index: settings.firstIndex + at }),
    );
    this.#parts = parts;
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.#fleet = new NodeFleet({
      ...{ ...parts, nodes, writers, settings: settings.node },
      onRegistered: (node) => this.#runner.wake(node),
    });
    this.#runner = new PodRunner({
      ...{ ...parts, writers, settings: settings.pod, nodes: this.#nodes },
      hostIp: (node) => addressOf(node, settings.node),
      events: settings.hasEvents ? new PodEventWriter(parts) : null,
    });
  }

  /** Runs until the signal aborts; the nodes and their pods stay in the API. Rejects for bugs alone. */
  async run(signal: AbortSignal): Promise<void> {
    const { client } = this.#parts;
    const nodes = new Informer({
      ...this.#parts,
      objects: client.objects(resources.nodes),
      keep: keptNode,
    });
    nodes.addHandler({
      onAdd: (node) => this.#onNode(node),
      onUpdate: (_, node) => this.#onNode(node),
    });
    await Promise.all([nodes.run(signal), this.#runner.run(signal), this.#fleet.run(signal)]);
  }

  /** Its network may have been given, and it may have been taken for lost, which it is the one to put right. */
  #onNode({ metadata, spec, status }: Node): void {
    const node = this.#nodes.get(metadata.name ?? '');
    if (node === undefined) return;
    node.setPodCidr(spec?.podCIDR);
    const ready = status?.conditions?.[0]?.status;
    const isOverwritten = ready !== undefined && ready !== 'True';
    if (isOverwritten && node.isRunning && node.registered !== null) this.#fleet.wake(node);
  }

  /** The node reports nothing and does nothing from now on, as one that has lost its power. False: there is no such node. */
  stopNode(name: string): boolean {
    const node = this.#nodes.get(name);
    if (node !== undefined) node.isRunning = false;
    return node !== undefined;
  }

  /** The node is there again, with its pods as they would be by now. One that was deleted registers anew. False: there is no such node. */
  startNode(name: string): boolean {
    const node = this.#nodes.get(name);
    if (node === undefined) return false;
    if (node.isRunning) return true;
    node.isRunning = true;
    // As a kubelet that starts: what it knows of its object may have been deleted while it was off.
    node.registered = null;
    node.readySinceMs = this.#parts.clock.wallTime();
    this.#fleet.wake(node);
    this.#runner.wake(node);
    return true;
  }

  get state(): FleetState {
    const nodes = [...this.#nodes.values()].map(({ name, isRunning, registered }) => ({
      ...{ name, isRunning, isRegistered: registered !== null },
    }));
    return { nodes, pods: this.#runner.size };
  }
}

/** Of a node: its network, and whether it is ready. */
function keptNode({ metadata, spec, status }: Node): Node {
  const { name = '', uid = '', resourceVersion = '' } = metadata;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    metadata: { name, uid, resourceVersion },
    spec: { podCIDR: spec?.podCIDR ?? '' },
    status: {
      conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready.status ?? '' }],
    },
  };
}
