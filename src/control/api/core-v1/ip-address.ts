/** An address of the Internet Protocol. */
export interface IpAddress {
  readonly family: 4 | 6;
  /** The address as a number of 32 or 128 bits. */
  readonly value: bigint;
  /** Whether it was written as an IPv6 address that stands for an IPv4 one, as `::ffff:1.2.3.4`. */
  readonly isMapped: boolean;
  /** Whether a number of it was written with zeros before it, which some readers take for octal. */
  readonly hasLeadingZeros: boolean;
}

/** A network: an address and how many of its bits it shares with all others of the network. */
export interface IpNetwork {
  readonly address: IpAddress;
  readonly bits: number;
  readonly hasLeadingZeros: boolean;
}

const mappedPrefix = 0xffffn;
const ipv4Mask = 0xffffffffn;

/** Reads an address as leniently as the API always has; undefined when it is none. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const parsed = parseIpv4(text);
    return parsed && { family: 4, isMapped: false, ...parsed };
  }
  const parsed = parseIpv6(text);
  if (parsed === undefined) return undefined;
  if (parsed.value >> 32n !== mappedPrefix) return { family: 6, isMapped: false, ...parsed };
  return { ...parsed, family: 4, isMapped: true, value: parsed.value & ipv4Mask };
}

interface ParsedBits {
  readonly value: bigint;
  readonly hasLeadingZeros: boolean;
}

function parseIpv4(text: string): ParsedBits | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^\d+$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(Number(part));
  }
  return { value, hasLeadingZeros: parts.some((part) => part.length > 1 && part.startsWith('0')) };
}

function parseIpv6(text: string): ParsedBits | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = parseGroups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.groups.length - tail.groups.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head.groups, ...new Array<number>(missing).fill(0), ...tail.groups];
  const value = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
  return { value, hasLeadingZeros: head.hasLeadingZeros || tail.hasLeadingZeros };
}

/** The groups of 16 bits between colons; the last two may be written as an IPv4 address where the text ends. */
function parseGroups(
  text: string,
  isEnd: boolean,
): { readonly groups: readonly number[]; readonly hasLeadingZeros: boolean } | undefined {
  if (text === '') return { groups: [], hasLeadingZeros: false };
  const parts = text.split(':');
  const groups: number[] = [];
  let hasLeadingZeros = false;
  for (const [at, part] of parts.entries()) {
    if (isEnd && at === parts.length - 1 && part.includes('.')) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === undefined) return undefined;
      groups.push(Number(ipv4.value >> 16n), Number(ipv4.value & 0xffffn));
      hasLeadingZeros = ipv4.hasLeadingZeros;
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return { groups, hasLeadingZeros };
}

/** Reads a network as `10.0.0.0/8`; undefined when it is none. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^\d+$/.test(length)) return undefined;
  const bits = Number(length);
  const width = text.includes(':') ? 128 : 32;
  if (bits > width) return undefined;
  const hasLeadingZeros = address.hasLeadingZeros || (length.length > 1 && length.startsWith('0'));
  return { address, bits, hasLeadingZeros };
}

/** The one way of writing an address that all agree on (RFC 5952). */
export function formatIp({ family, value }: Pick<IpAddress, 'family' | 'value'>): string {
  if (family === 4) {
    return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join('.');
  }
  const groups = Array.from({ length: 8 }, (_, at) =>
    Number((value >> BigInt(16 * (7 - at))) & 0xffffn),
  );
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  const gap = longestZeros(groups);
  if (gap.length < 2) return hex(groups);
  return `${hex(groups.slice(0, gap.start))}::${hex(groups.slice(gap.start + gap.length))}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [at, group] of groups.entries()) {
    if (group !== 0) start = at + 1;
    else if (at + 1 - start > best.length) best = { start, length: at + 1 - start };
  }
  return best;
}
