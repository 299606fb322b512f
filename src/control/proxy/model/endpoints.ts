import type { Endpoint, EndpointSlice } from '../../api/gen/discovery-v1.js';
import type { IpFamily, Protocol } from './service-port.js';

/** An address and port behind a service, as its slices tell of it. */
export interface ProxyEndpoint {
  readonly ip: string;
  readonly port: number;
  readonly isLocal: boolean;
  /** It takes new connections. */
  readonly isReady: boolean;
  /** It answers, but is about to go. */
  readonly isLastResort: boolean;
  /** Nodes that it is meant for; empty: the slices do not say. */
  readonly nodeHints: readonly string[];
  readonly zoneHints: readonly string[];
}

/** Endpoints of one port of a service in one family, each address once, in the order of their addresses. */
export function endpointsOf(
  slices: readonly EndpointSlice[],
  port: { readonly name: string; readonly protocol: Protocol; readonly family: IpFamily },
  nodeName: string,
): readonly ProxyEndpoint[] {
  const addressType = port.family === 4 ? 'IPv4' : 'IPv6';
  const found = new Map<string, ProxyEndpoint>();
  for (const slice of slices) {
    if (slice.addressType !== addressType) continue;
    for (const number of portNumbers(slice, port)) {
      for (const endpoint of slice.endpoints ?? []) {
        const ip = endpoint.addresses?.[0];
        if (ip === undefined) continue;
        const key = `${ip} ${number}`;
        // While a pod moves from one slice to another both name it; what is ready counts.
        if (found.get(key)?.isReady !== true) {
          found.set(key, proxyEndpoint(endpoint, { ip, port: number, nodeName }));
        }
      }
    }
  }
  const keys = [...found.keys()].sort();
  return keys.flatMap((key) => found.get(key) ?? []);
}

function portNumbers(
  slice: EndpointSlice,
  wanted: { readonly name: string; readonly protocol: Protocol },
): readonly number[] {
  return (slice.ports ?? []).flatMap(({ name = '', protocol = 'TCP', port }) =>
    name === wanted.name && protocol.toLowerCase() === wanted.protocol ? (port ?? []) : [],
  );
}

function proxyEndpoint(
  { conditions, nodeName, hints }: Endpoint,
  at: { readonly ip: string; readonly port: number; readonly nodeName: string },
): ProxyEndpoint {
  const isReady = conditions?.ready ?? true;
  return {
    ...{ ip: at.ip, port: at.port, isReady },
    isLocal: nodeName !== undefined && nodeName === at.nodeName,
    isLastResort: (conditions?.serving ?? isReady) && (conditions?.terminating ?? false),
    nodeHints: (hints?.forNodes ?? []).flatMap(({ name }) => name ?? []),
    zoneHints: (hints?.forZones ?? []).flatMap(({ name }) => name ?? []),
  };
}
