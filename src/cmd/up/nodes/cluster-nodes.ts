import type { Clock } from '../../../base/clock.js';
import type { Node } from '../../../control/api/gen/core-v1.js';
import { type NamespacedNode, NodeNamespaces } from '../../../control/network/index.js';
import { sendSignal } from '../../../host/child-process.js';
import { type RunCommand, runToSuccess } from '../../../host/command.js';
import { unmountBelow } from '../../end-pods/unmount-below.js';
import { type ClusterNetwork, familyNetworks } from '../cluster-network.js';
import type { Console } from '../console.js';
import type { NodeRuntime } from '../plan.js';
import type { ProgramSet } from '../program-set.js';
import type { ProgramSpec } from '../program-spec.js';
import { BaseImages } from './base-images.js';
import { writeCniConfig } from './cni.js';
import {
  containerdProgram,
  containerdSocket,
  containerdStateDir,
  removeContainerdState,
  requireContainerd,
  untilContainerdServes,
} from './containerd.js';
import {
  endPodsCommand,
  kubeletProgram,
  type NodesPlan,
  proxyProgram,
  runtimeDir,
  sharedProxyProgram,
} from './node-programs.js';
import { bare, type PlannedNode } from './planned-node.js';
import { runBriefly } from './run-briefly.js';

/** What nodes are made with. */
export interface ClusterNodesOptions {
  readonly network: ClusterNetwork;
  readonly nodes: readonly PlannedNode[];
  /** Nodes get networks of their own. */
  readonly areApart: boolean;
  readonly runtime: NodeRuntime;
  /** The folder of the cluster. */
  readonly dir: string;
  readonly run: RunCommand;
}

/** Pods of a node may still run. */
export class PodsLeftError extends Error {
  override readonly name = 'PodsLeftError';
}

/** The nodes of a cluster on this machine: their networks, and the programs that run as them. */
export class ClusterNodes {
  readonly #options: ClusterNodesOptions;
  readonly #namespaces: NodeNamespaces;
  readonly #apart = new Map<string, NamespacedNode>();

  constructor(options: ClusterNodesOptions) {
    this.#options = options;
    const { network, run } = options;
    const families = familyNetworks(network);
    this.#namespaces = new NodeNamespaces({
      ...{ run, prefix: network.prefix, gateways: families.map(({ gateway }) => gateway) },
      podNetworks: families.map(({ podCidr }) => podCidr),
    });
  }

  get all(): readonly PlannedNode[] {
    return this.#options.nodes;
  }

  /** Makes the networks of the nodes, or what is missing of them. Rejects with CommandError. */
  async ensureNetworks(): Promise<void> {
    const { nodes, areApart } = this.#options;
    if (!areApart) return;
    for (const node of nodes)
      this.#apart.set(node.name, await this.#namespaces.ensure(node.index, node.addresses));
  }

  /**
   * Makes what runs containers: a containerd a node, or nothing more than the process runtime has by itself; and the images that every node
   * has. What is not essential and cannot be had is said. Rejects with UpError.
   */
  async prepareRuntimes(parts: {
    readonly programs: ProgramSet;
    readonly clock: Clock;
    readonly console: Console;
    readonly ended: AbortSignal;
  }): Promise<void> {
    const { nodes, network, runtime, dir, run } = this.#options;
    const images = new BaseImages(dir);
    if (runtime === 'cri') await requireContainerd(run);
    const prepare = async (node: PlannedNode) => {
      if (runtime === 'process') return images.importInto(runtimeDir(node));
      parts.programs.start(await containerdProgram(network, node, this.within(node)));
      const socket = containerdSocket(network, node);
      await untilContainerdServes(socket, { run, clock: parts.clock, signal: parts.ended });
      return images.importIntoContainerd(socket);
    };
    const problems = new Set(await Promise.all(nodes.map(prepare)));
    for (const problem of problems)
      if (problem !== null) parts.console.bad(`nodes lack flotilla.local/base:1: ${problem}`);
  }

  /**
   * A node was given its addresses: what connects its pods is told, and the machine, whose API server asks webhooks. The process runtime
   * has a bridge of its own.
   */
  async connect({ metadata, spec }: Node): Promise<void> {
    const { nodes, runtime, areApart } = this.#options;
    const node = nodes.find(({ name }) => name === metadata.name);
    const cidrs = spec?.podCIDRs ?? [];
    if (areApart && node !== undefined)
      await this.#namespaces.reachPods(node.addresses.map(bare), cidrs);
    if (runtime === 'cri' && node !== undefined && cidrs.length > 0)
      await writeCniConfig(node, cidrs);
  }

  /** What stands before the words of a program that is to run as a node. */
  within({ name }: PlannedNode): readonly string[] {
    return this.#apart.get(name)?.command ?? [];
  }

  /** Kubelets and proxies. */
  programs(plan: NodesPlan): readonly ProgramSpec[] {
    const { nodes } = this.#options;
    const kubelets = nodes.map((node) => kubeletProgram(plan, node, this.within(node)));
    const proxies = plan.areApart
      ? nodes.map((node) => proxyProgram(plan, node, this.within(node)))
      : nodes.slice(0, 1).map((node) => sharedProxyProgram(plan, node));
    return [...kubelets, ...proxies];
  }

  /**
   * Ends the pods of all nodes, whose kubelets are stopped. Rejects with {@link PodsLeftError} when some may be left. When the signal aborts
   * they get no time any more.
   */
  async endPods(plan: NodesPlan, signal: AbortSignal): Promise<void> {
    const ends = this.#options.nodes.map(async (node) => {
      const command = endPodsCommand(plan, node, this.within(node));
      let problem = await runBriefly(command, signal);
      // Who was told to hurry before it could listen has done nothing.
      if (problem !== null && signal.aborted) problem = await runBriefly(command, signal);
      if (problem !== null) throw new PodsLeftError(`${node.name}: ${problem}`);
    });
    const failed = (await Promise.allSettled(ends)).filter(({ status }) => status === 'rejected');
    for (const { reason } of failed as readonly PromiseRejectedResult[]) throw reason;
  }

  /** Lets the machine itself reach services, as the API server has to for webhooks and people want to: by the first node. The routes go with the nodes' bridge. */
  async routeMachine(): Promise<void> {
    const { network, nodes, run, areApart } = this.#options;
    const [first] = nodes;
    if (first === undefined || !areApart) return;
    for (const [at, { serviceCidr }] of familyNetworks(network).entries()) {
      const args = ['route', 'replace', serviceCidr, 'via', bare(first.addresses[at] ?? '')];
      await runToSuccess(run, { command: 'ip', args });
    }
  }

  /** Takes away what runs containers, of which there are none any more, and the networks, whoever made them. */
  async remove(programs: ProgramSet): Promise<void> {
    const { nodes, network, runtime } = this.#options;
    await programs.stop((name) => name.startsWith('containerd-'));
    if (runtime === 'cri') {
      for (const node of nodes) {
        await unmountBelow(containerdStateDir(network, node));
        await unmountBelow(node.dir);
        await removeContainerdState(network, node);
      }
    }
    if (!this.#options.areApart) return;
    // What holds on to a node's network has no work any more, such as the writer of its containers' logs.
    for (const pid of await this.#namespaces.processes()) sendSignal(pid, 'SIGTERM');
    await this.#namespaces.removeAll();
  }
}
