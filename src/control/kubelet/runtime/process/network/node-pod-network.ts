import type { BridgePodNetwork } from './bridge-network.js';
import type { CniPodNetwork } from './cni-network.js';
import type { NetworkConnection, NetworkPlace, PodNetwork } from './pod-network.js';

/** CNI's plugins where the node has a configuration for them, else a bridge of the runtime's own. */
export class NodePodNetwork implements PodNetwork {
  readonly #cni: CniPodNetwork;
  readonly #bridge: BridgePodNetwork;

  constructor(cni: CniPodNetwork, bridge: BridgePodNetwork) {
    this.#cni = cni;
    this.#bridge = bridge;
  }

  async connect(place: NetworkPlace): Promise<NetworkConnection> {
    return (await this.#inUse()).connect(place);
  }

  /** The way it was connected, whatever is configured by now. */
  async disconnect(place: Parameters<PodNetwork['disconnect']>[0]): Promise<void> {
    if (place.kind === 'cni') await this.#cni.disconnect(place);
    if (place.kind === 'bridge') await this.#bridge.disconnect(place);
  }

  async condition() {
    return (await this.#inUse()).condition();
  }

  updatePodCidr(cidr: string): void {
    this.#bridge.updatePodCidr(cidr);
  }

  async #inUse(): Promise<PodNetwork> {
    return (await this.#cni.isConfigured()) ? this.#cni : this.#bridge;
  }
}
