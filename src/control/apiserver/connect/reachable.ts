import { defined } from '../../../base/assert.js';
import { cidrContains, parseCidr, parseIp } from '../../machinery/ip-address.js';

/** Loopback, link-local and unspecified addresses: what is there belongs to the API server's machine, and to none of its users. */
const ownNetworks = [
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/24',
  '0.0.0.0/32',
  '::1/128',
  'fe80::/10',
  'ff02::/16',
  '::/128',
].map((text) => defined(parseCidr(text) ?? undefined, text));

/** Whether an address that somebody wrote into an object may be proxied to. Names of hosts may. */
export function isProxyable(host: string): boolean {
  const ip = parseIp(host);
  return ip === null || !ownNetworks.some((network) => cidrContains(network, ip.address));
}
