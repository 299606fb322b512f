/** Where addresses of nodes without one of their own begin: 172.16.0.0/12. */
const nodeBase = 0xac10_0000;
/** Where networks of pods begin on nodes that nobody has given one: a /24 a node of 10.128.0.0/9. */
const podBase = 0x0a80_0000;
const nodesMax = 1 << 15;

/** The address of the node of this number. Numbers 32,768 apart have the same. */
export function nodeAddress(index: number): string {
  return dotted(nodeBase + (index % nodesMax) + 1);
}

/** The network of the pods of a node whose `spec.podCIDR` is empty. */
export function defaultPodCidr(index: number): string {
  return `${dotted(podBase + (index % nodesMax) * 256)}/24`;
}

/** The IPv4 addresses of one network, each given to one pod at a time; the least recently given back comes last. */
export class AddressPool {
  readonly #base: number;
  readonly #size: number;
  readonly #taken = new Set<number>();
  #next = 1;

  /** `cidr` as `10.1.2.0/24`. Of one that is no IPv4 network, every address is ''. */
  constructor(cidr: string) {
    const [, address = '', bits = ''] = /^([\d.]+)\/(\d+)$/.exec(cidr) ?? [];
    this.#base = numberOf(address);
    this.#size = address === '' ? 0 : 2 ** (32 - Number(bits));
  }

  /** A free address; '' when there is none. The first and the last of the network are never given out. */
  take(): string {
    const usable = this.#size - 2;
    for (let tries = 0; tries < usable; tries++) {
      const at = this.#next;
      this.#next = at >= usable ? 1 : at + 1;
      if (this.#taken.has(at)) continue;
      this.#taken.add(at);
      return dotted(this.#base + at);
    }
    return '';
  }

  /** A pod has it already. One of another network is nobody's business. */
  claim(address: string): void {
    const at = this.#offsetOf(address);
    if (at !== null) this.#taken.add(at);
  }

  giveBack(address: string): void {
    const at = this.#offsetOf(address);
    if (at !== null) this.#taken.delete(at);
  }

  #offsetOf(address: string): number | null {
    const at = numberOf(address) - this.#base;
    return at > 0 && at < this.#size ? at : null;
  }
}

function numberOf(address: string): number {
  return address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
