import { assert } from '../../../base/assert.js';
import {
  bitsOf,
  type Cidr,
  cidrContains,
  formatCidr,
  networkOf,
  parseCidr,
} from '../../machinery/ip-address.js';

/** Bits that a network may be divided by: 65,536 parts. */
const divisionBitsMax = 16;

/** A network that is divided into parts of one size, and which of them are taken. */
export class CidrSet {
  readonly #cluster: Cidr;
  readonly #prefixLength: number;
  readonly #count: number;
  /** How often each part is taken: two may name the same when something else gave it out. */
  readonly #uses = new Map<number, number>();
  /** Where the search goes on: parts that were given back rest as long as can be. */
  #next = 0;

  /** Throws RangeError when parts of that size do not divide the network, or there would be too many. */
  constructor(cluster: Cidr, prefixLength: number) {
    const divisionBits = prefixLength - cluster.prefixLength;
    if (divisionBits < 0 || prefixLength > bitsOf(cluster.address)) {
      throw new RangeError(
        `the node CIDR mask size ${prefixLength} does not fit into the cluster CIDR ${formatCidr(cluster)}: give one from ${cluster.prefixLength} to ${bitsOf(cluster.address)}`,
      );
    }
    if (divisionBits > divisionBitsMax) {
      throw new RangeError(
        `the cluster CIDR ${formatCidr(cluster)} would have more than 65536 parts of mask size ${prefixLength}: give a mask size of ${cluster.prefixLength + divisionBitsMax} at most`,
      );
    }
    this.#cluster = { address: networkOf(cluster), prefixLength: cluster.prefixLength };
    this.#prefixLength = prefixLength;
    this.#count = 2 ** divisionBits;
  }

  /** Takes a free part; null when there is none. */
  takeNext(): string | null {
    for (let tries = 0; tries < this.#count; tries++) {
      const index = (this.#next + tries) % this.#count;
      if (this.#uses.has(index)) continue;
      this.#uses.set(index, 1);
      this.#next = (index + 1) % this.#count;
      return formatCidr(this.#partAt(index));
    }
    return null;
  }

  /** Takes all parts that a network touches. False: it is none, or touches none. */
  occupy(cidr: string): boolean {
    const parts = this.#partsOf(cidr);
    for (const index of parts) this.#uses.set(index, (this.#uses.get(index) ?? 0) + 1);
    return parts.length > 0;
  }

  /** Gives back what {@link occupy} or {@link takeNext} took. */
  release(cidr: string): void {
    for (const index of this.#partsOf(cidr)) {
      const uses = (this.#uses.get(index) ?? 0) - 1;
      if (uses > 0) this.#uses.set(index, uses);
      else this.#uses.delete(index);
    }
  }

  #partAt(index: number): Cidr {
    assert(index >= 0 && index < this.#count);
    const { version, value } = this.#cluster.address;
    const shift = BigInt(bitsOf(this.#cluster.address) - this.#prefixLength);
    const address = { version, value: value + (BigInt(index) << shift) };
    return { address, prefixLength: this.#prefixLength };
  }

  #partsOf(text: string): number[] {
    const cidr = parseCidr(text);
    if (cidr === null || cidr.address.version !== this.#cluster.address.version) return [];
    const network = { address: networkOf(cidr), prefixLength: cidr.prefixLength };
    const isWider = network.prefixLength <= this.#cluster.prefixLength;
    if (isWider && cidrContains(network, this.#cluster.address)) {
      return Array.from({ length: this.#count }, (_, index) => index);
    }
    if (!cidrContains(this.#cluster, network.address)) return [];
    const bits = bitsOf(this.#cluster.address);
    const shift = BigInt(bits - this.#prefixLength);
    const first = Number((network.address.value - this.#cluster.address.value) >> shift);
    const covered = Math.max(0, this.#prefixLength - network.prefixLength);
    return Array.from({ length: 2 ** covered }, (_, at) => first + at);
  }
}
