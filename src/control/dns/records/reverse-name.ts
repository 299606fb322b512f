/** The address that a name below `in-addr.arpa` or `ip6.arpa` stands for, as objects write it; null when it is none. */
export function addressOfReverseName(name: string): string | null {
  if (name.endsWith('.in-addr.arpa')) return ipv4Of(name.slice(0, -'.in-addr.arpa'.length));
  if (name.endsWith('.ip6.arpa')) return ipv6Of(name.slice(0, -'.ip6.arpa'.length));
  return null;
}

function ipv4Of(reversed: string): string | null {
  const parts = reversed.split('.').reverse();
  const isAddress = parts.length === 4 && parts.every((part) => isOctet(part));
  return isAddress ? parts.join('.') : null;
}

function isOctet(text: string): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255;
}

function ipv6Of(reversed: string): string | null {
  const nibbles = reversed.split('.').reverse();
  if (nibbles.length !== 32 || !nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble))) return null;
  const groups = Array.from({ length: 8 }, (_, at) => nibbles.slice(at * 4, at * 4 + 4).join(''));
  return canonicalIpv6(groups.join(':'));
}

/** An IPv6 address in its one short form (RFC 5952); IPv4 addresses stay as they are. */
export function canonicalIp(ip: string): string {
  return ip.includes(':') ? canonicalIpv6(ip) : ip;
}

function canonicalIpv6(ip: string): string {
  try {
    return new URL(`http://[${ip}]`).hostname.slice(1, -1);
  } catch {
    return ip.toLowerCase();
  }
}
