import { type FieldPath, internalFieldError, invalidValue } from '../../machinery/field-path.js';
import { quote } from '../../machinery/quote.js';
import type { FieldErrors } from './field-checks.js';
import { formatIp, type IpAddress, parseIp, parseNetwork } from './ip-address.js';

/** An address, written in a way that all readers understand alike; those in `kept` were there before and may stay. */
export function checkIp(
  value: string,
  path: FieldPath,
  errors: FieldErrors,
  kept: readonly string[] = [],
): void {
  if (kept.includes(value)) return;
  const problem = ipProblem(value);
  if (problem !== undefined) errors.push(invalidValue(path, value, problem));
}

function ipProblem(value: string): string | undefined {
  const ip = parseIp(value);
  if (ip === undefined) return 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
  if (ip.hasLeadingZeros) return 'must not have leading 0s';
  return ip.isMapped ? 'must not be an IPv4-mapped IPv6 address' : undefined;
}

/** A network, written in the one way that leaves no doubt. */
export function checkNetwork(
  value: string,
  path: FieldPath,
  errors: FieldErrors,
  kept: readonly string[] = [],
): void {
  if (kept.includes(value)) return;
  const problem = networkProblem(value);
  if (problem !== undefined) errors.push(invalidValue(path, value, problem));
}

function networkProblem(value: string): string | undefined {
  const network = parseNetwork(value);
  if (network === undefined) {
    return 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  }
  if (network.hasLeadingZeros) return 'must not have leading 0s in IP or prefix length';
  if (network.address.isMapped) return 'must not have an IPv4-mapped IPv6 address';
  const width = network.address.family === 4 ? 32 : 128;
  const rest = network.address.value & ((1n << BigInt(width - network.bits)) - 1n);
  return rest === 0n ? undefined : 'must not have bits set beyond the prefix length';
}

/** Ranges in which nothing that is reached over a network can have its address: family, prefix, bits, what the API says. */
const unreachable: readonly {
  readonly ranges: readonly string[];
  readonly text: string;
}[] = [
  {
    ranges: ['127.0.0.0/8', '::1/128'],
    text: 'may not be in the loopback range (127.0.0.0/8, ::1/128)',
  },
  {
    ranges: ['169.254.0.0/16', 'fe80::/10'],
    text: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  },
  {
    ranges: ['224.0.0.0/24', 'ff02::/16', 'ff12::/16', 'ff22::/16', 'ff32::/16'],
    text: 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  },
];

/** An address at which an endpoint can be reached from elsewhere. */
export function checkEndpointIp(value: string, path: FieldPath, errors: FieldErrors): void {
  const ip = parseIp(value);
  if (ip === undefined) {
    errors.push(invalidValue(path, value, 'must be a valid IP address'));
    return;
  }
  if (ip.value === 0n) errors.push(invalidValue(path, value, `may not be unspecified (${value})`));
  for (const { ranges, text } of unreachable) {
    if (ranges.some((range) => isIn(ip, range))) errors.push(invalidValue(path, value, text));
  }
}

function isIn(ip: IpAddress, range: string): boolean {
  const network = parseNetwork(range);
  if (network === undefined || network.address.family !== ip.family) return false;
  const shift = BigInt((ip.family === 4 ? 32 : 128) - network.bits);
  return ip.value >> shift === network.address.value >> shift;
}

/** Several addresses of one thing: at most one of each family. `shown` is what the error prints. */
export function checkDualStack(
  ips: readonly string[],
  shown: unknown,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (ips.length < 2) return;
  const parsed = ips.map(parseIp);
  const bad = parsed.indexOf(undefined);
  if (bad >= 0) {
    const problem = `invalid IP[${bad}]: ${ips[bad] ?? ''}`;
    errors.push(internalFieldError(path, `failed to check for dual stack with error:${problem}`));
  }
  const families = new Set(parsed.map((ip) => ip?.family));
  if (bad >= 0 || families.size < 2 || ips.length > 2) {
    errors.push(invalidValue(path, shown, 'may specify no more than one IP for each IP family'));
  }
}

/** What to warn of in an address that is valid, or once was, but is not written as it should be. */
export function ipWarnings(value: string, path: FieldPath): string[] {
  const ip = parseIp(value);
  if (ip === undefined) {
    return [`${path}: IP address ${quote(value)} is not valid`];
  }
  const canonical = formatIp(ip);
  if (ip.hasLeadingZeros || ip.isMapped) {
    return [
      `${path}: non-standard IP address ${quote(value)} will be considered invalid in a future Kubernetes release: use ${quote(canonical)}`,
    ];
  }
  if (ip.family === 6 && canonical !== value) {
    return [
      `${path}: IPv6 address ${quote(value)} should be in RFC 5952 canonical format (${quote(canonical)})`,
    ];
  }
  return [];
}

/** What to warn of in a network. */
export function networkWarnings(value: string, path: FieldPath): string[] {
  const network = parseNetwork(value);
  if (network === undefined) return [];
  const { address, bits } = network;
  const width = address.family === 4 ? 32 : 128;
  const own = address.isMapped ? bits - 96 : bits;
  const shift = BigInt(width - Math.max(own, 0));
  const base = { family: address.family, value: (address.value >> shift) << shift };
  const canonical = `${formatIp(base)}/${own}`;
  if (networkProblem(value) !== undefined) {
    return [
      `${path}: CIDR value ${quote(value)} is ambiguous in this context (should be ${quote(canonical)} or ${quote(`${formatIp(address)}/${width}`)}?)`,
    ];
  }
  if (address.family === 6 && canonical !== value) {
    return [
      `${path}: IPv6 CIDR value ${quote(value)} should be in RFC 5952 canonical format (${quote(canonical)})`,
    ];
  }
  return [];
}
