import {
  bitsOf,
  formatIp,
  type IpAddress,
  networkOf,
  parseCidr,
  parseIp,
} from '../../machinery/ip-address.js';

/** Addresses from `first` to `last`, both of one version. */
export interface AddressRange {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Reads a pool of addresses: networks and ranges, as `192.0.2.0/24,198.51.100.10-198.51.100.20`. Of a network, the address of the
 * network itself and the broadcast address are left out. Throws a RangeError that says which part is wrong.
 */
export function parseAddressRanges(text: string): readonly AddressRange[] {
  return text.split(',').map((part) => rangeOf(part.trim()));
}

function rangeOf(part: string): AddressRange {
  const cidr = parseCidr(part);
  if (cidr !== null) {
    const { version, value } = networkOf(cidr);
    const size = 1n << BigInt(bitsOf(cidr.address) - cidr.prefixLength);
    if (size <= 2n) return { version, first: value, last: value + size - 1n };
    // IPv6 has no broadcast; its first address is that of the routers (RFC 4291 section 2.6.1).
    return { version, first: value + 1n, last: value + size - (version === 4 ? 2n : 1n) };
  }
  const [first, last, ...rest] = part.split('-').map((each) => parseIp(each.trim())?.address);
  const isRange =
    first !== undefined &&
    last !== undefined &&
    rest.length === 0 &&
    first.version === last.version &&
    first.value <= last.value;
  if (!isRange) {
    throw new RangeError(
      `${JSON.stringify(part)} is no part of an address pool: give a network as 192.0.2.0/24, or a range as 192.0.2.10-192.0.2.20`,
    );
  }
  return { version: first.version, first: first.value, last: last.value };
}

/** Who has which address of a pool. Each address has one owner at most. */
export class AddressPool {
  readonly #ranges: readonly AddressRange[];
  readonly #owners = new Map<string, string>();
  readonly #byOwner = new Map<string, Set<string>>();

  constructor(ranges: readonly AddressRange[]) {
    this.#ranges = ranges;
  }

  /** It has addresses of this version. */
  has(version: 4 | 6): boolean {
    return this.#ranges.some((range) => range.version === version);
  }

  /** The owner's addresses, as they were taken. */
  of(owner: string): readonly string[] {
    return [...(this.#byOwner.get(owner) ?? [])];
  }

  /** Takes this address. False: it is not of the pool, or another's. */
  take(owner: string, ip: string): boolean {
    const address = parseIp(ip)?.address;
    if (address === undefined || !this.#ranges.some((range) => contains(range, address))) {
      return false;
    }
    const text = formatIp(address);
    const before = this.#owners.get(text);
    if (before !== undefined && before !== owner) return false;
    this.#owners.set(text, owner);
    const own = this.#byOwner.get(owner) ?? new Set();
    this.#byOwner.set(owner, own.add(text));
    return true;
  }

  /** Takes the lowest free address of a version; null when there is none. Costs a step for each address before it. */
  takeNext(owner: string, version: 4 | 6): string | null {
    for (const range of this.#ranges) {
      if (range.version !== version) continue;
      for (let value = range.first; value <= range.last; value++) {
        const ip = formatIp({ version, value });
        if (!this.#owners.has(ip) && this.take(owner, ip)) return ip;
      }
    }
    return null;
  }

  /** The owner needs them no more. */
  release(owner: string, ips: readonly string[] = this.of(owner)): void {
    const own = this.#byOwner.get(owner);
    for (const ip of ips) if (own?.delete(ip)) this.#owners.delete(ip);
    if (own?.size === 0) this.#byOwner.delete(owner);
  }
}

function contains({ version, first, last }: AddressRange, address: IpAddress): boolean {
  return address.version === version && first <= address.value && address.value <= last;
}
