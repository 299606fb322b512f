import { formatCidr, formatIp, networkOf, parseCidr, parseIp } from './ip-address.js';
import { quote } from './quote.js';

/**
 * An IP address in a field that has been in the API for long: any form of IPv6, but nothing that programs read differently, as the
 * API has it since 1.36. Fields that keep an old value are not to be checked.
 */
export function ipProblems(value: string): string[] {
  const ip = parseIp(value);
  if (ip === null) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  if (ip.hasLeadingZeros) return ['must not have leading 0s'];
  return ip.isMapped ? ['must not be an IPv4-mapped IPv6 address'] : [];
}

/** An IP address in a newer field: only its canonical form (RFC 5952). */
export function canonicalIpProblems(value: string): string[] {
  const problems = ipProblems(value);
  const ip = parseIp(value);
  if (problems.length > 0 || ip === null) return problems;
  const canonical = formatIp(ip.address);
  return value === canonical ? [] : [`must be in canonical form (${quote(canonical)})`];
}

/** A network (`10.0.0.0/8`) in a field that has been in the API for long; see {@link ipProblems}. */
export function cidrProblems(value: string): string[] {
  const cidr = parseCidr(value);
  if (cidr === null) {
    return ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
  }
  if (cidr.hasLeadingZeros) return ['must not have leading 0s in IP or prefix length'];
  if (cidr.isMapped) return ['must not have an IPv4-mapped IPv6 address'];
  return networkOf(cidr).value === cidr.address.value
    ? []
    : ['must not have bits set beyond the prefix length'];
}

/** A network in a newer field: only its canonical form. */
export function canonicalCidrProblems(value: string): string[] {
  const problems = cidrProblems(value);
  const cidr = parseCidr(value);
  if (problems.length > 0 || cidr === null) return problems;
  const canonical = formatCidr(cidr);
  return value === canonical ? [] : [`must be in canonical form (${quote(canonical)})`];
}
