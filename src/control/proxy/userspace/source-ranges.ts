import { type Cidr, cidrContains, parseCidr, parseIp } from '../../machinery/ip-address.js';

/** Says who may come: everybody when there are no ranges. */
export function admits(ranges: readonly string[]): (host: string) => boolean {
  if (ranges.length === 0) return () => true;
  const cidrs: readonly Cidr[] = ranges.flatMap((range) => parseCidr(range) ?? []);
  return (host) => {
    const address = parseIp(host)?.address;
    return address !== undefined && cidrs.some((cidr) => cidrContains(cidr, address));
  };
}
