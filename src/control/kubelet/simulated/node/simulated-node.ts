import type { Lease } from '../../../api/gen/coordination-v1.js';
import type { Node } from '../../../api/gen/core-v1.js';
import { AddressPool, defaultPodCidr } from './addresses.js';
import type { NodeIdentity } from './node-object.js';

/** One node of a fleet, and what it knows. Times are the clock's milliseconds. */
export class SimulatedNode implements NodeIdentity {
  readonly name: string;
  readonly index: number;
  /** False: it neither reports nor does anything for its pods, as a machine without power. */
  isRunning = true;
  /** As it was registered; null: not yet, or it was deleted. */
  registered: Node | null = null;
  /** As it was last written; null: to be made. */
  lease: Lease | null = null;
  leaseAtMs = 0;
  statusAtMs = 0;
  /** Since when its conditions are what they are, milliseconds since the epoch. */
  readySinceMs = 0;
  #podCidr: string;
  #addresses: AddressPool;

  constructor({ name, index }: NodeIdentity) {
    this.name = name;
    this.index = index;
    this.#podCidr = defaultPodCidr(index);
    this.#addresses = new AddressPool(this.#podCidr);
  }

  /** The addresses of its pods. */
  get addresses(): AddressPool {
    return this.#addresses;
  }

  /** The network of its pods, which is not taken away again once it is set; pods that are there keep their addresses. */
  setPodCidr(cidr: string | undefined): void {
    if (cidr === undefined || cidr === '' || cidr === this.#podCidr) return;
    this.#podCidr = cidr;
    this.#addresses = new AddressPool(cidr);
  }
}
