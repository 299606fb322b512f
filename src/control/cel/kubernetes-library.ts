import { valueFormats } from '../api/apiextensions-v1/value-formats.js';
import {
  cidrContains,
  formatCidr,
  formatIp,
  type IpAddress,
  networkOf,
  parseCidr,
  parseIp,
} from '../machinery/ip-address.js';
import {
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '../machinery/names.js';
import { Quantity } from '../machinery/quantity.js';
import type { Library } from './function-table.js';
import {
  CelError,
  type CelValue,
  celCompare,
  celEquals,
  Duration,
  type Opaque,
  Optional,
  typeNameOf,
  Uint,
} from './values.js';

/** A URL as CEL sees it. */
class UrlValue implements Opaque {
  readonly celType = 'URL';
  readonly text: string;
  readonly url: URL | null;

  constructor(text: string) {
    const isAbsolute = URL.canParse(text);
    if (!isAbsolute && !text.startsWith('/'))
      throw new CelError(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      );
    this.text = text;
    this.url = isAbsolute ? new URL(text) : new URL(text, 'none://');
  }

  get isAbsolute(): boolean {
    return !this.text.startsWith('/');
  }

  equals(other: Opaque): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }
}

/** An IP address as CEL sees it. */
class IpValue implements Opaque {
  readonly celType = 'IP';
  readonly address: IpAddress;

  constructor(address: IpAddress) {
    this.address = address;
  }

  equals(other: Opaque): boolean {
    return (
      other instanceof IpValue &&
      other.address.version === this.address.version &&
      other.address.value === this.address.value
    );
  }
}

/** A range of addresses as CEL sees it. */
class CidrValue implements Opaque {
  readonly celType = 'CIDR';
  readonly address: IpAddress;
  readonly prefixLength: number;

  constructor(address: IpAddress, prefixLength: number) {
    this.address = address;
    this.prefixLength = prefixLength;
  }

  equals(other: Opaque): boolean {
    return other instanceof CidrValue && formatCidr(other) === formatCidr(this);
  }
}

/** A named format as CEL sees it. */
class FormatValue implements Opaque {
  readonly celType = 'Format';
  readonly problems: (text: string) => readonly string[];

  constructor(problems: (text: string) => readonly string[]) {
    this.problems = problems;
  }

  equals(other: Opaque): boolean {
    return other === this;
  }
}

/** A semantic version as CEL sees it. */
/** A semantic version. */
export class SemverValue implements Opaque {
  readonly celType = 'Semver';
  readonly numbers: readonly bigint[];
  readonly preRelease: readonly string[];

  constructor(text: string) {
    const match =
      /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(
        text,
      );
    if (match === null) throw new CelError(`invalid semantic version: ${JSON.stringify(text)}`);
    this.numbers = [match[1], match[2], match[3]].map((part) => BigInt(part ?? '0'));
    this.preRelease = match[4] === undefined ? [] : match[4].split('.');
  }

  equals(other: Opaque): boolean {
    return other instanceof SemverValue && this.compare(other) === 0;
  }

  compare(other: SemverValue): number {
    for (let at = 0; at < 3; at++) {
      const order = celCompare(this.numbers[at] ?? 0n, other.numbers[at] ?? 0n) ?? 0;
      if (order !== 0) return order;
    }
    if (this.preRelease.length === 0 || other.preRelease.length === 0)
      return Number(this.preRelease.length === 0) - Number(other.preRelease.length === 0);
    for (let at = 0; at < Math.max(this.preRelease.length, other.preRelease.length); at++) {
      const [a, b] = [this.preRelease[at], other.preRelease[at]];
      if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
      if (a === b) continue;
      const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
      if (isNumberA && isNumberB) return BigInt(a) < BigInt(b) ? -1 : 1;
      if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
      return a < b ? -1 : 1;
    }
    return 0;
  }
}

const succeeds = (run: () => unknown): boolean => {
  try {
    run();
    return true;
  } catch {
    return false;
  }
};

function ipOf(text: string): IpValue {
  const parsed = parseIp(text);
  if (parsed === null || parsed.hasLeadingZeros)
    throw new CelError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string`,
    );
  if (parsed.isMapped)
    throw new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
  return new IpValue(parsed.address);
}

function cidrOf(text: string): CidrValue {
  const parsed = parseCidr(text);
  if (parsed === null || parsed.isMapped || parsed.hasLeadingZeros)
    throw new CelError(
      `network address parse error during conversion from string: ${JSON.stringify(text)}`,
    );
  return new CidrValue(parsed.address, parsed.prefixLength);
}

function quantityOf(text: string): Quantity {
  try {
    return Quantity.parse(text);
  } catch (error) {
    throw new CelError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      { cause: error },
    );
  }
}

const byVersion =
  (four: (value: bigint) => boolean, six: (value: bigint) => boolean) =>
  ({ address }: IpValue) =>
    address.version === 4 ? four(address.value) : six(address.value);

const dns =
  (problems: (text: string) => string[], isPrefix = false) =>
  (text: string) =>
    problems(isPrefix ? text.replace(/-$/, 'a') : text);
const fromFormat = (name: string) => (text: string) =>
  valueFormats[name]?.(text) ? [] : [`must be of format ${name}`];

const formats: ReadonlyMap<string, FormatValue> = new Map(
  (
    [
      ['dns1123Label', dns(dnsLabelProblems)],
      ['dns1123Subdomain', dns(dnsSubdomainProblems)],
      ['dns1035Label', dns(dns1035LabelProblems)],
      ['dns1123LabelPrefix', dns(dnsLabelProblems, true)],
      ['dns1123SubdomainPrefix', dns(dnsSubdomainProblems, true)],
      ['dns1035LabelPrefix', dns(dns1035LabelProblems, true)],
      ['qualifiedName', dns(qualifiedNameProblems)],
      ['labelValue', dns(labelValueProblems)],
      ['uri', fromFormat('uri')],
      ['uuid', fromFormat('uuid')],
      ['byte', fromFormat('byte')],
      ['date', fromFormat('date')],
      ['datetime', fromFormat('date-time')],
    ] as const
  ).map(([name, problems]) => [name, new FormatValue(problems)]),
);

function sum(list: readonly CelValue[]): CelValue {
  const [first] = list;
  if (first === undefined) return 0n;
  if (typeof first === 'bigint')
    return list.reduce<bigint>((total, value) => total + (value as bigint), 0n);
  if (typeof first === 'number')
    return list.reduce<number>((total, value) => total + (value as number), 0);
  if (first instanceof Uint)
    return new Uint(list.reduce<bigint>((total, value) => total + (value as Uint).value, 0n));
  if (first instanceof Duration)
    return new Duration(list.reduce<bigint>((total, value) => total + (value as Duration).ns, 0n));
  throw new CelError(`no such overload: sum of ${typeNameOf(first)}`);
}

function extreme(list: readonly CelValue[], sign: 1 | -1, name: string): CelValue {
  const [first, ...rest] = list;
  if (first === undefined) throw new CelError(`${name} called on empty list`);
  return rest.reduce(
    (best, value) => ((celCompare(value, best) ?? 0) * sign > 0 ? value : best),
    first,
  );
}

function contains(list: readonly CelValue[], value: CelValue): boolean {
  return list.some((item) => celEquals(item, value));
}

function flatten(list: readonly CelValue[], depth = 1n): readonly CelValue[] {
  if (depth < 0n) throw new CelError('level must be non-negative');
  return list.flatMap((item) =>
    Array.isArray(item) && depth > 0n ? flatten(item, depth - 1n) : [item],
  );
}

function slice(list: readonly CelValue[], from: bigint, to: bigint): readonly CelValue[] {
  if (from < 0n || to > BigInt(list.length) || from > to)
    throw new CelError(`cannot slice(${from}, ${to}), list is length ${list.length}`);
  return list.slice(Number(from), Number(to));
}

const sorted = (list: readonly CelValue[]) => [...list].sort((a, b) => celCompare(a, b) ?? 0);
const ofQuantity = (value: bigint | Quantity) =>
  typeof value === 'bigint' ? Quantity.parse(String(value)) : value;

/** The functions that Kubernetes adds: lists, sets, URLs, addresses, quantities, formats, versions. */
export const kubernetesLibrary: Library = {
  'list<A>.isSorted(): bool': (list: readonly CelValue[]) =>
    list.every((item, at) => at === 0 || (celCompare(list[at - 1] as CelValue, item) ?? 0) <= 0),
  'list<A>.sum(): A': sum,
  'list<A>.min(): A': (list: readonly CelValue[]) => extreme(list, -1, 'min'),
  'list<A>.max(): A': (list: readonly CelValue[]) => extreme(list, 1, 'max'),
  'list<A>.indexOf(A): int': (list: readonly CelValue[], value: CelValue) =>
    BigInt(list.findIndex((item) => celEquals(item, value))),
  'list<A>.lastIndexOf(A): int': (list: readonly CelValue[], value: CelValue) =>
    BigInt(list.findLastIndex((item) => celEquals(item, value))),
  'list<A>.slice(int, int): list<A>': slice,
  'list<A>.flatten(): list<dyn>': (list: readonly CelValue[]) => flatten(list),
  'list<A>.flatten(int): list<dyn>': flatten,
  'list<A>.distinct(): list<A>': (list: readonly CelValue[]) =>
    list.filter((item, at) => list.findIndex((other) => celEquals(item, other)) === at),
  'list<A>.reverse(): list<A>': (list: readonly CelValue[]) => [...list].reverse(),
  'list<A>.sort(): list<A>': sorted,
  'sets.contains(list<A>, list<A>): bool': (list: readonly CelValue[], part: readonly CelValue[]) =>
    part.every((item) => contains(list, item)),
  'sets.equivalent(list<A>, list<A>): bool': (a: readonly CelValue[], b: readonly CelValue[]) =>
    a.every((item) => contains(b, item)) && b.every((item) => contains(a, item)),
  'sets.intersects(list<A>, list<A>): bool': (a: readonly CelValue[], b: readonly CelValue[]) =>
    a.some((item) => contains(b, item)),
  'url(string): URL': (text: string) => new UrlValue(text),
  'isURL(string): bool': (text: string) => succeeds(() => new UrlValue(text)),
  'URL.getScheme(): string': ({ url, isAbsolute }: UrlValue) =>
    isAbsolute ? (url?.protocol ?? '').slice(0, -1) : '',
  'URL.getHost(): string': ({ url, isAbsolute }: UrlValue) => (isAbsolute ? (url?.host ?? '') : ''),
  'URL.getHostname(): string': ({ url, isAbsolute }: UrlValue) =>
    isAbsolute ? (url?.hostname ?? '').replace(/^\[|\]$/g, '') : '',
  'URL.getPort(): string': ({ url, isAbsolute }: UrlValue) => (isAbsolute ? (url?.port ?? '') : ''),
  'URL.getEscapedPath(): string': ({ url, text }: UrlValue) =>
    /^[a-z]+:\/\/[^/]*$/i.test(text) ? '' : (url?.pathname ?? ''),
  'URL.getQuery(): map<string, list<string>>': ({ url }: UrlValue) => {
    const query = new Map<string, string[]>();
    for (const [name, value] of url?.searchParams ?? [])
      query.set(name, [...(query.get(name) ?? []), value]);
    return query;
  },
  'ip(string): IP': ipOf,
  'isIP(string): bool': (text: string) => succeeds(() => ipOf(text)),
  'ip.isCanonical(string): bool': (text: string) => formatIp(ipOf(text).address) === text,
  'string(IP): string': ({ address }: IpValue) => formatIp(address),
  'IP.family(): int': ({ address }: IpValue) => BigInt(address.version),
  'IP.isUnspecified(): bool': ({ address }: IpValue) => address.value === 0n,
  'IP.isLoopback(): bool': byVersion(
    (value) => value >> 24n === 127n,
    (value) => value === 1n,
  ),
  'IP.isLinkLocalMulticast(): bool': byVersion(
    (value) => value >> 8n === 0xe00000n,
    (value) => ((value >> 112n) & 0xff0fn) === 0xff02n,
  ),
  'IP.isLinkLocalUnicast(): bool': byVersion(
    (value) => value >> 16n === 0xa9fen,
    (value) => value >> 118n === 0x3fan,
  ),
  'IP.isGlobalUnicast(): bool': byVersion(
    (value) =>
      value !== 0n &&
      value !== 0xffffffffn &&
      value >> 24n !== 127n &&
      value >> 28n !== 14n &&
      value >> 16n !== 0xa9fen,
    (value) => value !== 0n && value !== 1n && value >> 120n !== 0xffn && value >> 118n !== 0x3fan,
  ),
  'cidr(string): CIDR': cidrOf,
  'isCIDR(string): bool': (text: string) => succeeds(() => cidrOf(text)),
  'string(CIDR): string': ({ address, prefixLength }: CidrValue) =>
    `${formatIp(address)}/${prefixLength}`,
  'CIDR.ip(): IP': ({ address }: CidrValue) => new IpValue(address),
  'CIDR.prefixLength(): int': ({ prefixLength }: CidrValue) => BigInt(prefixLength),
  'CIDR.masked(): CIDR': (value: CidrValue) => new CidrValue(networkOf(value), value.prefixLength),
  'CIDR.containsIP(IP): bool': (value: CidrValue, { address }: IpValue) =>
    cidrContains(value, address),
  'CIDR.containsIP(string): bool': (value: CidrValue, text: string) =>
    cidrContains(value, ipOf(text).address),
  'CIDR.containsCIDR(CIDR): bool': (value: CidrValue, inner: CidrValue) =>
    inner.prefixLength >= value.prefixLength && cidrContains(value, inner.address),
  'CIDR.containsCIDR(string): bool': (value: CidrValue, text: string) => {
    const inner = cidrOf(text);
    return inner.prefixLength >= value.prefixLength && cidrContains(value, inner.address);
  },
  'quantity(string): Quantity': quantityOf,
  'isQuantity(string): bool': (text: string) => succeeds(() => quantityOf(text)),
  'Quantity.isInteger(): bool': (value: Quantity) => value.value() * 1000n === value.milliValue(),
  'Quantity.asInteger(): int': (value: Quantity) => {
    if (value.value() * 1000n !== value.milliValue())
      throw new CelError('cannot convert value to integer');
    return value.value();
  },
  'Quantity.asApproximateFloat(): double': (value: Quantity) => Number(value.milliValue()) / 1000,
  'Quantity.sign(): int': (value: Quantity) => BigInt(value.sign),
  'Quantity.isGreaterThan(Quantity): bool': (a: Quantity, b: Quantity) => a.compare(b) > 0,
  'Quantity.isLessThan(Quantity): bool': (a: Quantity, b: Quantity) => a.compare(b) < 0,
  'Quantity.compareTo(Quantity): int': (a: Quantity, b: Quantity) => BigInt(a.compare(b)),
  'Quantity.add(Quantity): Quantity': (a: Quantity, b: Quantity) => a.add(b),
  'Quantity.add(int): Quantity': (a: Quantity, b: bigint) => a.add(ofQuantity(b)),
  'Quantity.sub(Quantity): Quantity': (a: Quantity, b: Quantity) => a.sub(b),
  'Quantity.sub(int): Quantity': (a: Quantity, b: bigint) => a.sub(ofQuantity(b)),
  'format.named(string): optional<Format>': (name: string) => new Optional(formats.get(name)),
  ...Object.fromEntries(
    [...formats].map(([name, format]) => [`format.${name}(): Format`, () => format]),
  ),
  'Format.validate(string): optional<list<string>>': ({ problems }: FormatValue, text: string) => {
    const found = problems(text);
    return new Optional(found.length === 0 ? undefined : [...found]);
  },
  'semver(string): Semver': (text: string) => new SemverValue(text),
  'isSemver(string): bool': (text: string) => succeeds(() => new SemverValue(text)),
  'Semver.major(): int': ({ numbers }: SemverValue) => numbers[0] ?? 0n,
  'Semver.minor(): int': ({ numbers }: SemverValue) => numbers[1] ?? 0n,
  'Semver.patch(): int': ({ numbers }: SemverValue) => numbers[2] ?? 0n,
  'Semver.compareTo(Semver): int': (a: SemverValue, b: SemverValue) => BigInt(a.compare(b)),
  'Semver.isLessThan(Semver): bool': (a: SemverValue, b: SemverValue) => a.compare(b) < 0,
  'Semver.isGreaterThan(Semver): bool': (a: SemverValue, b: SemverValue) => a.compare(b) > 0,
};
