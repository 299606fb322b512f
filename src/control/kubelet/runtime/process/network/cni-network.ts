import { join } from 'node:path';
import {
  readTextIfPresent,
  removeTree,
  writeTextAtomically,
} from '../../../../../host/state-files.js';
import type { SandboxConfig } from '../../container-runtime.js';
import { addressesOf, type CniNetwork, callPlugins, readCniNetwork } from './cni-plugins.js';
import type { NetworkConnection, NetworkPlace, PodNetwork } from './pod-network.js';

/** Pods are connected by CNI plugins as the node's configuration says. */
export class CniPodNetwork implements PodNetwork {
  readonly #confDir: string;
  readonly #binDirs: readonly string[];
  /** Where the network and the result of each sandbox are kept, since DEL is to see what ADD did. */
  readonly #stateDir: string;

  constructor(options: {
    readonly confDir: string;
    readonly binDirs: readonly string[];
    readonly stateDir: string;
  }) {
    this.#confDir = options.confDir;
    this.#binDirs = options.binDirs;
    this.#stateDir = options.stateDir;
  }

  /** Whether a network is configured now. */
  async isConfigured(): Promise<boolean> {
    return (await readCniNetwork(this.#confDir).catch(() => null)) !== null;
  }

  async connect({ id, netns, config }: NetworkPlace): Promise<NetworkConnection> {
    const network = await readCniNetwork(this.#confDir);
    if (network === null) throw new Error(`no network configuration in '${this.#confDir}'`);
    await this.#keep(id, { network, result: null });
    try {
      const result = await callPlugins(
        network,
        this.#binDirs,
        callOf('ADD', id, netns, config),
        null,
      );
      await this.#keep(id, { network, result });
      return { kind: 'cni', ips: addressesOf(result) };
    } catch (error) {
      await this.disconnect({ id, netns, config }).catch(() => undefined);
      throw error;
    }
  }

  async disconnect(place: {
    readonly id: string;
    readonly netns: string | null;
    readonly config: SandboxConfig;
  }): Promise<void> {
    const path = this.#stateFile(place.id);
    const text = await readTextIfPresent(path);
    if (text === null) return;
    const kept = JSON.parse(text) as Kept;
    const call = callOf('DEL', place.id, place.netns ?? '', place.config);
    await callPlugins(kept.network, this.#binDirs, call, kept.result);
    await removeTree(path);
  }

  async condition() {
    try {
      const network = await readCniNetwork(this.#confDir);
      if (network !== null) return { status: true, reason: '', message: '' };
      return notReady(`no network config found in ${this.#confDir}`);
    } catch (error) {
      return notReady((error as Error).message);
    }
  }

  updatePodCidr(): void {}

  #stateFile(id: string): string {
    return join(this.#stateDir, `${id}.json`);
  }

  #keep(id: string, kept: Kept): Promise<void> {
    return writeTextAtomically(this.#stateFile(id), JSON.stringify(kept));
  }
}

interface Kept {
  readonly network: CniNetwork;
  readonly result: unknown;
}

function notReady(message: string) {
  return { status: false, reason: 'NetworkPluginNotReady', message };
}

function callOf(command: 'ADD' | 'DEL', id: string, netns: string, config: SandboxConfig) {
  return {
    command,
    containerId: id,
    netns,
    args: {
      IgnoreUnknown: '1',
      K8S_POD_NAMESPACE: config.namespace,
      K8S_POD_NAME: config.name,
      K8S_POD_INFRA_CONTAINER_ID: id,
      K8S_POD_UID: config.uid,
    },
    capabilities: {
      portMappings: config.portMappings
        .filter(({ hostPort }) => hostPort > 0)
        .map(({ hostPort, containerPort, protocol, hostIp }) => ({
          hostPort,
          containerPort,
          protocol: protocol.toLowerCase(),
          hostIP: hostIp,
        })),
    },
  } as const;
}
