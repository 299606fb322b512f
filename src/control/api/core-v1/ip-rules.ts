import { type FieldPath, internalFieldError, invalidValue } from '../../machinery/field-path.js';
import {
  bitsOf,
  cidrContains,
  formatCidr,
  formatIp,
  type IpAddress,
  parseCidr,
  parseIp,
} from '../../machinery/ip-address.js';
import { cidrProblems, ipProblems } from '../../machinery/names.js';
import { quote } from '../../machinery/quote.js';
import { addProblems, type FieldErrors } from './field-checks.js';

/** An address, written in a way that all readers understand alike; those in `kept` were there before and may stay. */
export function checkIp(
  value: string,
  path: FieldPath,
  errors: FieldErrors,
  kept: readonly string[] = [],
): void {
  if (!kept.includes(value)) addProblems(ipProblems(value), path, value, errors);
}

/** A network, written in a way that leaves no doubt; those in `kept` were there before and may stay. */
export function checkNetwork(
  value: string,
  path: FieldPath,
  errors: FieldErrors,
  kept: readonly string[] = [],
): void {
  if (!kept.includes(value)) addProblems(cidrProblems(value), path, value, errors);
}

/** Ranges in which nothing that is reached over a network can have its address, and what the API says of them. */
const unreachable: readonly { readonly ranges: readonly string[]; readonly text: string }[] = [
  {
    ranges: ['127.0.0.0/8', '::1/128'],
    text: 'may not be in the loopback range (127.0.0.0/8, ::1/128)',
  },
  {
    ranges: ['169.254.0.0/16', 'fe80::/10'],
    text: 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  },
  {
    ranges: ['224.0.0.0/24', ...linkLocalMulticast()],
    text: 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  },
];

/** Multicast of IPv6 within a link, with each combination of its flags. */
function linkLocalMulticast(): string[] {
  return Array.from({ length: 16 }, (_, flags) => `ff${flags.toString(16)}2::/16`);
}

/** An address at which an endpoint can be reached from elsewhere. */
export function checkEndpointIp(value: string, path: FieldPath, errors: FieldErrors): void {
  const ip = parseIp(value);
  if (ip === null) {
    errors.push(invalidValue(path, value, 'must be a valid IP address'));
    return;
  }
  if (ip.address.value === 0n) {
    errors.push(invalidValue(path, value, `may not be unspecified (${value})`));
  }
  for (const { ranges, text } of unreachable) {
    if (ranges.some((range) => isIn(ip.address, range))) {
      errors.push(invalidValue(path, value, text));
    }
  }
}

function isIn(address: IpAddress, range: string): boolean {
  const network = parseCidr(range);
  return network !== null && cidrContains(network, address);
}

/** The family of an address that was checked already; undefined when it is none. */
export function ipFamilyOf(value: string): 4 | 6 | undefined {
  return parseIp(value)?.address.version;
}

/** The family of a network. */
export function networkFamilyOf(value: string): 4 | 6 | undefined {
  return parseCidr(value)?.address.version;
}

/** Several addresses of one thing: at most one of each family. `shown` is what the error prints. */
export function checkDualStack(
  ips: readonly string[],
  shown: unknown,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (ips.length < 2) return;
  const families = ips.map(ipFamilyOf);
  const bad = families.indexOf(undefined);
  if (bad >= 0) {
    const problem = `invalid IP[${bad}]: ${ips[bad] ?? ''}`;
    errors.push(internalFieldError(path, `failed to check for dual stack with error:${problem}`));
  }
  if (bad < 0 && ips.length === 2 && new Set(families).size === 2) return;
  errors.push(invalidValue(path, shown, 'may specify no more than one IP for each IP family'));
}

/** What to warn of in an address that is valid, or once was, but is not written as it should be. */
export function ipWarnings(value: string, path: FieldPath): string[] {
  const ip = parseIp(value);
  if (ip === null) return [`${path}: IP address ${quote(value)} is not valid`];
  const canonical = quote(formatIp(ip.address));
  if (ip.hasLeadingZeros || ip.isMapped) {
    return [
      `${path}: non-standard IP address ${quote(value)} will be considered invalid in a future Kubernetes release: use ${canonical}`,
    ];
  }
  if (ip.address.version === 4 || canonical === quote(value)) return [];
  return [
    `${path}: IPv6 address ${quote(value)} should be in RFC 5952 canonical format (${canonical})`,
  ];
}

/** What to warn of in a network. */
export function networkWarnings(value: string, path: FieldPath): string[] {
  const network = parseCidr(value);
  if (network === null) return [];
  const canonical = quote(formatCidr(network));
  if (cidrProblems(value).length > 0) {
    const alone = quote(`${formatIp(network.address)}/${bitsOf(network.address)}`);
    return [
      `${path}: CIDR value ${quote(value)} is ambiguous in this context (should be ${canonical} or ${alone}?)`,
    ];
  }
  if (network.address.version === 4 || canonical === quote(value)) return [];
  return [
    `${path}: IPv6 CIDR value ${quote(value)} should be in RFC 5952 canonical format (${canonical})`,
  ];
}
