import type { EndpointSlice } from '../../api/gen/discovery-v1.js';

/** An address that a service stands for, with the ports that are served there. */
export interface EndpointAddress {
  readonly ip: string;
  /** The first label of its own name. */
  readonly hostname: string;
  readonly ports: readonly EndpointPort[];
}

/** A port of an endpoint; `name` is '' for a service's only port. */
export interface EndpointPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

/** The endpoints that take traffic: those that are ready, or of a service that publishes them all the same. */
export function readyEndpoints(slices: readonly EndpointSlice[]): EndpointAddress[] {
  const found = new Map<string, EndpointAddress>();
  for (const { addressType, endpoints = [], ports } of slices) {
    if (addressType === 'FQDN') continue;
    const served = (ports ?? []).flatMap(({ name = '', protocol = 'TCP', port }) =>
      port === undefined ? [] : [{ name, protocol, port }],
    );
    for (const { addresses = [], conditions, hostname } of endpoints ?? []) {
      if (conditions?.ready === false) continue;
      for (const ip of addresses) {
        const known = found.get(ip);
        const all = known === undefined ? served : [...known.ports, ...served];
        found.set(ip, { ip, hostname: hostname || known?.hostname || dashed(ip), ports: all });
      }
    }
  }
  return [...found.values()];
}

/** How an endpoint without a hostname is called: its address, with dashes. */
export function dashed(ip: string): string {
  return ip.replaceAll('.', '-').replaceAll(':', '-');
}

/** The address that a name with dashes stands for; null when it is none. */
export function undashed(label: string): string | null {
  const dotted = label.replaceAll('-', '.');
  if (/^(\d{1,3}\.){3}\d{1,3}$/.test(dotted))
    return dotted.split('.').every((part) => Number(part) <= 255) ? dotted : null;
  const coloned = label.replaceAll('-', ':');
  if (!/^[0-9a-f:]+$/.test(coloned) || !coloned.includes(':')) return null;
  try {
    return new URL(`http://[${coloned}]`).hostname.slice(1, -1);
  } catch {
    return null;
  }
}
