import { type NamespacedNode, NodeNamespaces } from '../../../control/network/index.js';
import { sendSignal } from '../../../host/child-process.js';
import { type RunCommand, runToSuccess } from '../../../host/command.js';
import type { ClusterNetwork } from '../cluster-network.js';
import type { ProgramSpec } from '../program-spec.js';
import { endPodsCommand, kubeletProgram, type NodesPlan, proxyProgram } from './node-programs.js';
import type { PlannedNode } from './planned-node.js';
import { runBriefly } from './run-briefly.js';

/** What nodes are made with. */
export interface ClusterNodesOptions {
  readonly network: ClusterNetwork;
  readonly nodes: readonly PlannedNode[];
  /** Nodes get networks of their own. */
  readonly areApart: boolean;
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
    const { prefix, gateway, podCidr } = network;
    this.#namespaces = new NodeNamespaces({ run, prefix, gateway, podNetworks: [podCidr] });
  }

  get all(): readonly PlannedNode[] {
    return this.#options.nodes;
  }

  /** Makes the networks of the nodes, or what is missing of them. Rejects with CommandError. */
  async ensureNetworks(): Promise<void> {
    const { nodes, network, areApart } = this.#options;
    if (!areApart) return;
    const length = network.gateway.replace(/.*\//, '');
    for (const node of nodes) {
      const made = await this.#namespaces.ensure(node.index, `${node.address}/${length}`);
      this.#apart.set(node.name, made);
    }
  }

  /** What stands before the words of a program that is to run as a node. */
  within({ name }: PlannedNode): readonly string[] {
    return this.#apart.get(name)?.command ?? [];
  }

  /** Kubelets, and proxies where nodes have networks of their own. */
  programs(plan: NodesPlan): readonly ProgramSpec[] {
    return this.#options.nodes.flatMap((node) => {
      const within = this.within(node);
      const kubelet = kubeletProgram(plan, node, within);
      return plan.areApart ? [kubelet, proxyProgram(plan, node, within)] : [kubelet];
    });
  }

  /**
   * Ends the pods of all nodes, whose kubelets are stopped. Rejects with {@link PodsLeftError} when some may be left. When the signal aborts
   * they get no time any more.
   */
  async endPods(plan: NodesPlan, signal: AbortSignal): Promise<void> {
    const ends = this.#options.nodes.map(async (node) => {
      const problem = await runBriefly(endPodsCommand(plan, node, this.within(node)), signal);
      if (problem !== null) throw new PodsLeftError(`${node.name}: ${problem}`);
    });
    const failed = (await Promise.allSettled(ends)).filter(({ status }) => status === 'rejected');
    for (const { reason } of failed as readonly PromiseRejectedResult[]) throw reason;
  }

  /**
   * Lets the machine itself reach services and pods, as the API server has to for webhooks and people want to: by the first node, and by
   * the node of a pod. The routes go with the nodes' bridge.
   */
  async routeMachine(podCidrs: ReadonlyMap<string, string>): Promise<void> {
    const { network, nodes, run } = this.#options;
    const [first] = nodes;
    if (first === undefined || !this.#options.areApart) return;
    const route = (to: string, via: string) =>
      runToSuccess(run, { command: 'ip', args: ['route', 'replace', to, 'via', via] });
    await route(network.serviceCidr, first.address);
    for (const { name, address } of nodes) {
      const cidr = podCidrs.get(name) ?? '';
      if (cidr !== '') await route(cidr, address);
    }
  }

  /** Takes the networks away, whoever made them. */
  async removeNetworks(): Promise<void> {
    if (!this.#options.areApart) return;
    // What holds on to a node's network has no work any more, such as the writer of its containers' logs.
    for (const pid of await this.#namespaces.processes()) sendSignal(pid, 'SIGTERM');
    await this.#namespaces.removeAll();
  }
}
