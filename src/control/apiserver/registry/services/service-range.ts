import {
  bitsOf,
  type Cidr,
  cidrContains,
  formatCidr,
  formatIp,
  type IpAddress,
  networkOf,
  parseCidr,
} from '../../../machinery/ip-address.js';

/** The addresses of one family that Services get. */
export class ServiceRange {
  readonly family: 'IPv4' | 'IPv6';
  readonly #cidr: Cidr;
  readonly #first: bigint;
  /** Usable addresses; those of huge networks beyond 2^64 are left alone. */
  readonly size: bigint;

  private constructor(cidr: Cidr) {
    this.#cidr = cidr;
    const { address } = cidr;
    const hostBits = BigInt(bitsOf(address) - cidr.prefixLength);
    const all = 1n << (hostBits > 64n ? 64n : hostBits);
    this.family = address.version === 4 ? 'IPv4' : 'IPv6';
    this.#first = networkOf(cidr).value + 1n;
    // Neither the network's own address nor the broadcast address of IPv4 is given away.
    this.size = address.version === 4 ? all - 2n : all - 1n;
  }

  /** Null for what is no network, or has no room for a Service. */
  static parse(text: string): ServiceRange | null {
    const cidr = parseCidr(text);
    if (cidr === null) return null;
    const range = new ServiceRange(cidr);
    return range.size > 0n ? range : null;
  }

  contains(address: IpAddress): boolean {
    if (!cidrContains(this.#cidr, address)) return false;
    const offset = address.value - this.#first;
    return offset >= 0n && offset < this.size;
  }

  /** The address that is `offset` after the first usable one. */
  at(offset: bigint): string {
    return formatIp({ version: this.#cidr.address.version, value: this.#first + offset });
  }

  /**
   * Where addresses that nobody asked for by number begin: the lower part is kept for those who do, so that the two seldom meet
   * (Kubernetes' formula: a sixteenth of the range, 16 to 256 addresses).
   */
  get dynamicStart(): bigint {
    if (this.size < 16n) return 0n;
    const sixteenth = this.size / 16n;
    const start = sixteenth < 16n ? 16n : sixteenth > 256n ? 256n : sixteenth;
    return start < this.size ? start : 0n;
  }

  toString(): string {
    return formatCidr(this.#cidr);
  }
}
