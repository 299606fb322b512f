import { parseIp } from '../../machinery/ip-address.js';

/** Whether the text is an IPv4 address. */
export function isIPv4(text: string): boolean {
  return text.includes('.') && !text.includes(':') && parseIp(text) !== null;
}

/** Whether the text is an IPv6 address. */
export function isIPv6(text: string): boolean {
  return text.includes(':') && parseIp(text) !== null;
}
