import { join } from 'node:path';
import { AddressPool } from './address-pool.js';
import { BridgePodNetwork } from './bridge-network.js';
import { CniPodNetwork } from './cni-network.js';
import { HostPorts } from './host-ports.js';
import { NodePodNetwork } from './node-pod-network.js';
import type { PodNetwork } from './pod-network.js';

/** How pods are connected. */
export interface PodNetworkSettings {
  /** The runtime's directory; what is given to pods is written down below it. */
  readonly root: string;
  readonly cniConfDir: string;
  readonly cniBinDirs: readonly string[];
  /** The name of the runtime's own bridge. */
  readonly bridge: string;
  /** The cluster's pods, which see each other's own addresses (`--cluster-cidr`). */
  readonly flatNetworks: readonly string[];
}

/** The network of a node's pods. */
export function openPodNetwork(settings: PodNetworkSettings): PodNetwork {
  return new NodePodNetwork(
    new CniPodNetwork({
      confDir: settings.cniConfDir,
      binDirs: settings.cniBinDirs,
      stateDir: join(settings.root, 'cni'),
    }),
    new BridgePodNetwork({
      bridge: settings.bridge,
      pool: new AddressPool(join(settings.root, 'addresses')),
      ports: new HostPorts({
        bridge: settings.bridge,
        directory: join(settings.root, 'host-ports'),
      }),
      flatNetworks: settings.flatNetworks,
    }),
  );
}
