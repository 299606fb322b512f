import type { Service } from '../../api/gen/core-v1.js';
import type { ClusterView } from '../cluster-view.js';
import { type EndpointAddress, type EndpointPort, readyEndpoints } from './endpoints.js';
import { addressRecords, type ZoneRecord } from './record.js';
import { empty, noName, type Resolution, recordsOf } from './resolution.js';

interface ServiceName {
  /** As it was asked for, in lower case. */
  readonly name: string;
  /** Without `svc` and the zone. */
  readonly labels: readonly string[];
  readonly zone: string;
}

/** A service with where it is and what it is called. */
interface Found {
  readonly service: Service;
  /** `web.default.svc.cluster.local` */
  readonly domain: string;
  readonly endpoints: () => readonly EndpointAddress[];
}

/** A name below `svc.` of the zone. */
export function resolveService({ name, labels, zone }: ServiceName, view: ClusterView): Resolution {
  if (labels.length === 0) return empty;
  const namespace = labels.at(-1) ?? '';
  if (!view.hasNamespace(namespace)) return noName;
  const serviceName = labels.at(-2);
  if (serviceName === undefined) return empty;
  const service = view.service(namespace, serviceName);
  if (service === undefined) return noName;
  const domain = `${serviceName}.${namespace}.svc.${zone}`;
  const endpoints = () => readyEndpoints(view.slicesOf(namespace, serviceName));
  const found = { service, domain, endpoints };
  const inner = labels.slice(0, -2);
  if (service.spec?.type === 'ExternalName')
    return inner.length === 0 ? externalName(name, service) : noName;
  if (inner.length === 0) return ofService(name, found);
  if (inner.length === 1) return ofInnerName(name, inner[0] ?? '', found);
  const [portLabel = '', protocolLabel = '', ...more] = inner;
  const isPort = portLabel.startsWith('_') && protocolLabel.startsWith('_') && more.length === 0;
  return isPort ? ofPort(name, found, portLabel.slice(1), protocolLabel.slice(1)) : noName;
}

function externalName(name: string, { spec }: Service): Resolution {
  const target = (spec?.externalName ?? '').replace(/\.$/, '');
  return target === '' ? noName : recordsOf([{ type: 'CNAME', name, target }]);
}

function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === 'None';
}

function clusterIps({ spec }: Service): readonly string[] {
  const all = spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : []);
  return all.filter((ip) => ip !== 'None' && ip !== '');
}

/** The service itself: its addresses, and all of its ports. */
function ofService(name: string, found: Found): Resolution {
  const { service, endpoints } = found;
  if (!isHeadless(service)) {
    const ips = clusterIps(service);
    const addresses = addressRecords(name, ips);
    const ports = service.spec?.ports ?? [];
    return recordsOf(
      [...addresses, ...srvRecords(name, [{ target: found.domain, ports: ports.map(portOf) }])],
      addressRecords(found.domain, ips),
    );
  }
  const all = endpoints();
  // As CoreDNS has it: a headless service that nobody is behind has no name.
  if (all.length === 0) return noName;
  return withTargets(addressRecords(name, ipsOf(all)), name, found, all, () => true);
}

/** `_tcp.` of a service, or the name of an endpoint. */
function ofInnerName(name: string, label: string, { endpoints }: Found): Resolution {
  if (label === '_tcp' || label === '_udp' || label === '_sctp') return empty;
  const named = endpoints().filter(({ hostname }) => hostname.toLowerCase() === label);
  return named.length === 0 ? noName : recordsOf(addressRecords(name, ipsOf(named)));
}

/** `_http._tcp.` of a service. */
function ofPort(name: string, found: Found, portName: string, protocol: string): Resolution {
  const { service, domain, endpoints } = found;
  const isAsked = (port: EndpointPort) =>
    port.name === portName && port.protocol.toLowerCase() === protocol;
  if (!isHeadless(service)) {
    const ports = (service.spec?.ports ?? []).map(portOf).filter(isAsked);
    if (ports.length === 0) return noName;
    return recordsOf(
      srvRecords(name, [{ target: domain, ports }]),
      addressRecords(domain, clusterIps(service)),
    );
  }
  const all = endpoints().filter(({ ports }) => ports.some(isAsked));
  return all.length === 0 ? noName : withTargets([], name, found, all, isAsked);
}

/** Records of the name, and the names of the endpoints as targets of its SRV records. */
function withTargets(
  records: readonly ZoneRecord[],
  name: string,
  { domain }: Found,
  endpoints: readonly EndpointAddress[],
  isAsked: (port: EndpointPort) => boolean,
): Resolution {
  const targets = new Map<string, EndpointPort[]>();
  const extra: ZoneRecord[] = [];
  for (const { hostname, ip, ports } of endpoints) {
    const target = `${hostname}.${domain}`;
    const known = targets.get(target) ?? [];
    targets.set(target, known);
    for (const port of ports.filter(isAsked))
      if (!known.some((one) => one.port === port.port)) known.push(port);
    extra.push(...addressRecords(target, [ip]));
  }
  const all = [...targets].map(([target, ports]) => ({ target, ports }));
  return recordsOf([...records, ...srvRecords(name, all)], extra);
}

/** One record a target and port; the weights share 100 among those of a port, as CoreDNS' do. */
function srvRecords(
  name: string,
  targets: readonly { readonly target: string; readonly ports: readonly EndpointPort[] }[],
): ZoneRecord[] {
  const count = targets.reduce((sum, { ports }) => sum + ports.length, 0);
  const weight = count === 0 ? 0 : Math.max(1, Math.floor(100 / count));
  return targets.flatMap(({ target, ports }) =>
    ports.map(({ port }) => ({ type: 'SRV' as const, name, target, port, weight })),
  );
}

function portOf(port: {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
}): EndpointPort {
  const { name = '', protocol = 'TCP', port: number = 0 } = port;
  return { name, protocol, port: number };
}

function ipsOf(endpoints: readonly EndpointAddress[]): string[] {
  return endpoints.map(({ ip }) => ip);
}
