/** An IP address as a number; an IPv4 address within IPv6 (`::ffff:1.2.3.4`) is of version 4, as the API treats it. */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly value: bigint;
}

/** An address, and how it was written. */
export interface WrittenIp {
  readonly address: IpAddress;
  /** Octets or groups with zeros in front of them, which some programs read as octal. */
  readonly hasLeadingZeros: boolean;
  /** An IPv4 address that was written as an IPv6 one. */
  readonly isMapped: boolean;
}

const mappedPrefix = 0xffffn << 32n;
const groupCount = 8;

/** Reads an address as leniently as the API always has; null when it is none. Zones are refused. */
export function parseIp(text: string): WrittenIp | null {
  if (!text.includes(':')) {
    const four = parseIpv4(text);
    return four === null ? null : { ...four, isMapped: false };
  }
  const six = parseIpv6(text);
  if (six === null) return null;
  const { value, hasLeadingZeros } = six;
  const isMapped = value >> 32n === mappedPrefix >> 32n;
  const address: IpAddress = isMapped
    ? { version: 4, value: value - mappedPrefix }
    : { version: 6, value };
  return { address, hasLeadingZeros, isMapped };
}

function parseIpv4(text: string): { address: IpAddress; hasLeadingZeros: boolean } | null {
  const octets = text.split('.');
  if (octets.length !== 4) return null;
  let value = 0;
  for (const octet of octets) {
    const number = /^[0-9]{1,9}$/.test(octet) ? Number(octet) : 256;
    if (number > 255) return null;
    value = value * 256 + number;
  }
  const hasLeadingZeros = octets.some((octet) => octet.length > 1 && octet.startsWith('0'));
  return { address: { version: 4, value: BigInt(value) }, hasLeadingZeros };
}

function parseIpv6(text: string): { value: bigint; hasLeadingZeros: boolean } | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(parseGroups);
  if (head === undefined || head === null || tail === null) return null;
  const after = tail?.groups ?? [];
  const missing = groupCount - head.groups.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  // An IPv4 address stands at the end only.
  if (tail !== undefined && head.endsWithIpv4) return null;
  const groups = [...head.groups, ...new Array<number>(missing).fill(0), ...after];
  return {
    value: groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n),
    hasLeadingZeros: head.hasLeadingZeros || (tail?.hasLeadingZeros ?? false),
  };
}

interface Groups {
  readonly groups: number[];
  readonly hasLeadingZeros: boolean;
  readonly endsWithIpv4: boolean;
}

function parseGroups(text: string): Groups | null {
  if (text === '') return { groups: [], hasLeadingZeros: false, endsWithIpv4: false };
  const parts = text.split(':');
  const last = parts.at(-1) ?? '';
  const four = last.includes('.') ? parseIpv4(last) : undefined;
  if (four === null) return null;
  if (four !== undefined) parts.pop();
  const groups: number[] = [];
  for (const part of parts) {
    if (!/^[0-9a-fA-F]{1,32}$/.test(part)) return null;
    const group = Number.parseInt(part, 16);
    if (group > 0xffff) return null;
    groups.push(group);
  }
  let hasLeadingZeros = parts.some((part) => part.length > 4);
  if (four !== undefined) {
    const value = Number(four.address.value);
    groups.push(Math.floor(value / 0x10000), value % 0x10000);
    hasLeadingZeros ||= four.hasLeadingZeros;
  }
  return { groups, hasLeadingZeros, endsWithIpv4: four !== undefined };
}

/** The canonical text of an address (RFC 5952). */
export function formatIp({ version, value }: IpAddress): string {
  const groups: number[] = [];
  const bits = version === 4 ? 8n : 16n;
  const count = version === 4 ? 4 : groupCount;
  for (let rest = value, i = 0; i < count; i++, rest >>= bits) {
    groups.unshift(Number(rest & ((1n << bits) - 1n)));
  }
  return version === 4 ? groups.join('.') : compressed(groups);
}

/** The longest run of zeros, of two at least and the first of its length, becomes `::`. */
function compressed(groups: readonly number[]): string {
  let best = { from: 0, length: 1 };
  for (let from = 0; from < groups.length; from++) {
    let length = 0;
    while (groups[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length === 1) return hex.join(':');
  return `${hex.slice(0, best.from).join(':')}::${hex.slice(best.from + best.length).join(':')}`;
}

/** A network: all addresses that share the first `prefixLength` bits. */
export interface Cidr {
  /** The address as it was written; bits behind the prefix may be set. */
  readonly address: IpAddress;
  readonly prefixLength: number;
}

/** Reads `10.0.0.0/8` as leniently as the API always has; null when it is none. */
export function parseCidr(text: string): (WrittenIp & Cidr) | null {
  const slash = text.indexOf('/');
  const ip = slash === -1 ? null : parseIp(text.slice(0, slash));
  const lengthText = text.slice(slash + 1);
  if (ip === null || !/^[0-9]{1,9}$/.test(lengthText)) return null;
  const written = Number(lengthText);
  if (written > (ip.isMapped ? 128 : bitsOf(ip.address))) return null;
  const prefixLength = ip.isMapped ? Math.max(0, written - 96) : written;
  const hasLeadingZeros = ip.hasLeadingZeros || (lengthText.length > 1 && lengthText[0] === '0');
  return { ...ip, hasLeadingZeros, prefixLength };
}

/** The network's own address: all bits behind the prefix are zero. */
export function networkOf({ address, prefixLength }: Cidr): IpAddress {
  const hostBits = BigInt(bitsOf(address) - prefixLength);
  return { version: address.version, value: (address.value >> hostBits) << hostBits };
}

/** Whether an address is in a network. */
export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
  if (cidr.address.version !== address.version) return false;
  const hostBits = BigInt(bitsOf(address) - cidr.prefixLength);
  return cidr.address.value >> hostBits === address.value >> hostBits;
}

/** The canonical text of a network. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp(networkOf(cidr))}/${cidr.prefixLength}`;
}

/** Bits that an address has: 32 or 128. */
export function bitsOf({ version }: IpAddress): 32 | 128 {
  return version === 4 ? 32 : 128;
}
