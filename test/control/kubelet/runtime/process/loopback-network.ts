import type {
  NetworkConnection,
  PodNetwork,
} from '../../../../../src/control/kubelet/runtime/process/network/pod-network.js';

/** Pods have their own loopback and nothing else: where there is no bridge and no plugin. */
export class LoopbackNetwork implements PodNetwork {
  readonly #why: string;

  /** `why` tells what is missing for more. */
  constructor(why: string) {
    this.#why = why;
  }

  async connect(): Promise<NetworkConnection> {
    return { kind: 'loopback', ips: [] };
  }

  async disconnect(): Promise<void> {}

  async condition() {
    return { status: false, reason: 'NetworkPluginNotReady', message: this.#why };
  }

  updatePodCidr(): void {}
}
