import { join } from 'node:path';
import { type Clock, sleep } from '../../base/clock.js';
import { runCommand } from '../../host/command.js';
import { hostMachine } from '../../host/machine.js';
import { readTextFile } from '../../host/text-file.js';
import { ClusterFiles } from './cluster-files.js';
import { type ClusterNetwork, gatewayAddress } from './cluster-network.js';
import type { Console } from './console.js';
import { ControlPlane } from './control-plane.js';
import type { ControlPlan } from './control-programs.js';
import { serveNodePorts } from './node-ports.js';
import { ClusterNodes, PodsLeftError } from './nodes/cluster-nodes.js';
import { nodeIsolation } from './nodes/machine-abilities.js';
import type { NodesPlan } from './nodes/node-programs.js';
import { namespacedNodes, nodesOnMachine, type PlannedNode } from './nodes/planned-node.js';
import type { ClusterPlan } from './plan.js';
import { findFreePort, serverPorts } from './ports.js';
import type { ProgramSet } from './program-set.js';
import { isApiServer, isStoreMember } from './running-programs.js';
import { isSystemError } from './system-error.js';
import { UpError } from './up-error.js';

/** What a cluster above its store is made with. */
export interface KubernetesOptions {
  readonly plan: ClusterPlan;
  readonly network: ClusterNetwork;
  readonly apiPort: number;
  readonly dir: string;
  readonly replicas: number;
  readonly simulatedNodes: number;
  /** An address of this machine that has the node ports of nodes in namespaces too; null: none. */
  readonly nodePortsHost: string | null;
  /** A kubeconfig that the administrator's is merged into; null: none. */
  readonly mergeInto: string | null;
  readonly programs: ProgramSet;
  readonly clock: Clock;
  readonly console: Console;
  /** Aborted when the run is over. */
  readonly ended: AbortSignal;
  /** Aborted when nothing is to be waited for any more. */
  readonly stopNow: AbortSignal;
}

const renewMs = 3_600_000;
const dnsPort = 53;
/** Ports below 1024 are the superuser's. */
const dnsPortOfUsers = 10_053;
const kubeletPort = 10_250;
const metricsPort = 4443;
const proxyPort = 10_249;

/** A cluster above its store: what `flotilla up` has of it. */
export class Kubernetes {
  readonly #options: KubernetesOptions;
  readonly #files: ClusterFiles;
  readonly #nodes: ClusterNodes;
  readonly #nodesPlan: NodesPlan;
  readonly #controlPlane: ControlPlane;

  private constructor(
    options: KubernetesOptions,
    parts: {
      readonly files: ClusterFiles;
      readonly nodes: ClusterNodes;
      readonly nodesPlan: NodesPlan;
      readonly controlPlane: ControlPlane;
    },
  ) {
    this.#options = options;
    this.#files = parts.files;
    this.#nodes = parts.nodes;
    this.#nodesPlan = parts.nodesPlan;
    this.#controlPlane = parts.controlPlane;
  }

  /** Makes the networks of the nodes and the credentials, and starts the API servers. Rejects with CommandError when the machine refuses. */
  static async prepare(options: KubernetesOptions): Promise<Kubernetes> {
    const { network, dir, apiPort, clock, console, plan, programs, ended } = options;
    const hasNodes = (plan.nodes?.count ?? 1) > 0;
    const isolation = await nodeIsolation(runCommand, process.getuid?.() === 0);
    // Without nodes the machine needs nothing for them.
    const areApart = hasNodes && isolation.kind === 'namespaces';
    if (hasNodes && isolation.kind === 'none') {
      console.bad(`nodes share this machine's network and pods are not isolated: ${isolation.why}`);
    }
    const [machineAddress = '127.0.0.1'] = await hostMachine.addresses();
    const planned = await plannedNodes(options, areApart, machineAddress);
    const files = new ClusterFiles({
      ...{ dir, network, apiPort, nodes: planned, areNodesApart: areApart, clock },
    });
    const runtime = plan.nodes?.runtime ?? 'process';
    if (hasNodes && runtime === 'cri' && isolation.kind === 'none')
      throw new UpError(`--runtime=cri: ${isolation.why}`);
    if (hasNodes && network.ipv6 !== null && isolation.kind === 'none')
      throw new UpError(`--ip-families=IPv4,IPv6: ${isolation.why}`);
    const nodes = new ClusterNodes({
      ...{ network, nodes: planned, areApart, runtime, dir, run: runCommand },
    });
    await Promise.all([nodes.ensureNetworks(), files.renew(), files.removeAdminKubeconfig()]);
    try {
      await nodes.prepareRuntimes({ programs, clock, console, ended });
    } catch (error) {
      await nodes.remove(programs);
      throw error;
    }
    const control: ControlPlan = {
      ...{ plan, network, apiPort, files, replicas: options.replicas },
      serverPorts: await serverPorts(plan, apiPort, options.replicas),
      ...{ areNodesApart: areApart, volumesDir: join(dir, 'volumes') },
    };
    const nodesPlan: NodesPlan = {
      ...{ network, files, runtime, areApart, resolvConf: await outwardResolvConf() },
      volumesDir: join(dir, 'volumes'),
      // A proxy that shares the machine has its ports wherever they are free.
      proxyPort: areApart ? 0 : await findFreePort('127.0.0.1', proxyPort),
    };
    const dns = await dnsAddress(network, areApart);
    const host = areApart ? gatewayAddress(network) : '127.0.0.1';
    const metrics = { host, port: await findFreePort(host, metricsPort) };
    const { simulatedNodes, mergeInto } = options;
    const controlPlane = new ControlPlane({
      ...{ control, nodes, nodesPlan, dns, metrics, simulatedNodes, mergeInto },
      ...{ programs, clock, console, ended },
      nodePortsHost: areApart ? options.nodePortsHost : null,
    });
    controlPlane.startServers();
    return new Kubernetes(options, { files, nodes, nodesPlan, controlPlane });
  }

  /** Resolves once the cluster is ready, or the run is over. Rejects with UpError. */
  start(): Promise<void> {
    return this.#controlPlane.start();
  }

  /** Until the run is over: certificates that will soon be over are made anew, and the programs that use them started again. */
  async renewCertificates(): Promise<void> {
    const { clock, ended, programs, console } = this.#options;
    while (!ended.aborted) {
      await sleep(clock, renewMs, ended).catch(() => {}); // The run is over.
      if (ended.aborted) return;
      const made = await this.#renewed();
      if (made.length === 0) continue;
      const restarted = programs.restartUsing(made);
      console.line(
        `certificates renewed: ${made.join(', ')}; started again: ${restarted.join(', ')}`,
      );
    }
  }

  /** The names of those that were made. What the disk refuses is said, and tried again the next time: there is a fifth of their life for it. */
  async #renewed(): Promise<readonly string[]> {
    try {
      const made = await this.#files.renew();
      if (made.length > 0) await this.#files.writeAdminKubeconfig();
      return made;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#options.console.bad(`certificates cannot be renewed: ${error.message}`);
      return [];
    }
  }

  /** Until the run is over: the node ports of nodes in namespaces are on this machine too. */
  async serveNodePorts(): Promise<void> {
    const { nodePortsHost: host, clock, console, ended } = this.#options;
    if (host === null || !this.#nodesPlan.areApart || ended.aborted) return;
    const nodes = this.#nodes.all.map(({ address }) => address);
    const kubeconfig = this.#files.ownKubeconfig;
    await serveNodePorts({ kubeconfig, host, nodes, clock, console }, ended);
  }

  /**
   * Nodes first, then their pods, which start again with the cluster; the API server last: the others would only fail without it. Nothing of
   * it is left on the machine but its folder.
   */
  async stop(): Promise<void> {
    const { programs, console, stopNow } = this.#options;
    const isLast = (name: string) =>
      isApiServer(name) || isStoreMember(name) || name.startsWith('containerd-');
    await programs.stop((name) => !isLast(name));
    console.line('controllers, DNS and nodes stopped');
    const isAllOver = await this.#endPods(stopNow);
    await programs.stop(isApiServer);
    console.line('API server stopped');
    if (isAllOver) await this.#nodes.remove(programs);
  }

  /** False when pods may be left: they keep their network, and the next start finds both. */
  async #endPods(stopNow: AbortSignal): Promise<boolean> {
    const { console } = this.#options;
    if (this.#nodes.all.length === 0) return true;
    try {
      await this.#nodes.endPods(this.#nodesPlan, stopNow);
      console.line('pods ended; they start again with the cluster');
      return true;
    } catch (error) {
      if (!(error instanceof PodsLeftError)) throw error;
      console.bad(`pods may still run on ${error.message}`);
      return false;
    }
  }
}

async function plannedNodes(
  { network, dir, plan }: KubernetesOptions,
  areApart: boolean,
  machineAddress: string,
): Promise<readonly PlannedNode[]> {
  const count = plan.nodes?.count ?? 1;
  if (areApart) return namespacedNodes(network, { count, dir });
  const ports: number[] = [];
  for (let port = kubeletPort; ports.length < count; port++) {
    port = await findFreePort('0.0.0.0', port);
    ports.push(port);
  }
  return nodesOnMachine(machineAddress, { ports, dir });
}

async function dnsAddress(network: ClusterNetwork, areApart: boolean) {
  if (!areApart) {
    return { host: '127.0.0.1', port: await findFreePort('127.0.0.1', dnsPortOfUsers) };
  }
  const host = gatewayAddress(network);
  return { host, port: await findFreePort(host, dnsPort) };
}

/** Where the machine's name servers are others than itself: a local one is not reached from within a node's network. */
async function outwardResolvConf(): Promise<string> {
  const usual = '/etc/resolv.conf';
  const ofSystemd = '/run/systemd/resolve/resolv.conf';
  const text = await readTextFile(usual).catch(() => '');
  const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server = '']) => server);
  const isLocal = servers.length > 0 && servers.every((server) => server.startsWith('127.'));
  if (!isLocal) return usual;
  const hasOther = await readTextFile(ofSystemd).then(
    () => true,
    () => false,
  );
  return hasOther ? ofSystemd : usual;
}
