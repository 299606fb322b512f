import type { Service, ServicePort, ServiceSpec } from '../../api/gen/core-v1.js';
import type { EndpointSlice } from '../../api/gen/discovery-v1.js';
import { formatCidr, formatIp, parseCidr, parseIp } from '../../machinery/ip-address.js';
import { clusterTargets, localTargets, type NodePlace } from './choose-targets.js';
import { endpointsOf } from './endpoints.js';
import {
  type IpFamily,
  isExternallyReachable,
  type Protocol,
  type ServicePortView,
} from './service-port.js';

const proxyNameLabel = 'service.kubernetes.io/service-proxy-name';
const affinitySecondsDefault = 10_800;

/** Whether a service is ours: it has an address, and no other proxy is named for it. */
export function isProxied({ metadata, spec }: Service): boolean {
  if (spec === undefined || spec.type === 'ExternalName') return false;
  if (metadata.labels?.[proxyNameLabel] !== undefined) return false;
  return spec.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== 'None';
}

/** A service's ports as a node is to serve them, for each family that the service has an address of. */
export function viewService(
  service: Service,
  slices: readonly EndpointSlice[],
  place: NodePlace,
): readonly ServicePortView[] {
  const { spec } = service;
  if (spec === undefined || !isProxied(service)) return [];
  const clusterIps = spec.clusterIPs ?? [spec.clusterIP ?? ''];
  return clusterIps.flatMap((written) => {
    const ip = parseIp(written)?.address;
    if (ip === undefined) return [];
    const addresses = addressesOf(service, spec, formatIp(ip), ip.version);
    return (spec.ports ?? []).flatMap((port) => viewPort(port, addresses, slices, place));
  });
}

type Addresses = Omit<
  ServicePortView,
  'portName' | 'protocol' | 'port' | 'nodePort' | 'clusterTargets' | 'localTargets' | 'hasEndpoints'
>;

function addressesOf(
  { metadata, status }: Service,
  spec: ServiceSpec,
  clusterIp: string,
  family: IpFamily,
): Addresses {
  const ingress = status?.loadBalancer?.ingress ?? [];
  const balancers = ingress.flatMap(({ ip, ipMode }) => (ipMode === 'Proxy' ? [] : (ip ?? [])));
  const affinitySeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  return {
    ...{ namespace: metadata.namespace ?? '', service: metadata.name ?? '', family, clusterIp },
    externalIps: ipsOf(spec.externalIPs ?? [], family),
    loadBalancerIps: spec.type === 'LoadBalancer' ? ipsOf(balancers, family) : [],
    sourceRanges: cidrsOf(spec.loadBalancerSourceRanges ?? [], family),
    affinitySeconds:
      spec.sessionAffinity === 'ClientIP' ? (affinitySeconds ?? affinitySecondsDefault) : 0,
    isInternalLocal: spec.internalTrafficPolicy === 'Local',
    isExternalLocal: spec.externalTrafficPolicy === 'Local',
  };
}

function viewPort(
  { name = '', port, nodePort = 0, protocol: written = 'TCP' }: ServicePort,
  addresses: Addresses,
  slices: readonly EndpointSlice[],
  place: NodePlace,
): readonly ServicePortView[] {
  const protocol = written.toLowerCase();
  if (port === undefined || !isProtocol(protocol)) return [];
  const wanted = { name, protocol, family: addresses.family };
  const endpoints = endpointsOf(slices, wanted, place.name);
  const bare: ServicePortView = {
    ...addresses,
    ...{ portName: name, protocol, port, nodePort },
    ...{ clusterTargets: [], localTargets: [] },
    hasEndpoints: endpoints.some(({ isReady, isLastResort }) => isReady || isLastResort),
  };
  const isExternal = isExternallyReachable(bare);
  const usesLocal = bare.isInternalLocal || (isExternal && bare.isExternalLocal);
  // What comes from this node or its pods to an external address goes to any node whatever the policy.
  const usesCluster = !bare.isInternalLocal || isExternal;
  return [
    {
      ...bare,
      clusterTargets: usesCluster ? clusterTargets(endpoints, place) : [],
      localTargets: usesLocal ? localTargets(endpoints) : [],
    },
  ];
}

function isProtocol(text: string): text is Protocol {
  return text === 'tcp' || text === 'udp' || text === 'sctp';
}

/** Those of a family, as the kernel writes them. */
function ipsOf(texts: readonly string[], family: IpFamily): readonly string[] {
  const ips = texts.flatMap((text) => parseIp(text)?.address ?? []);
  return ips.filter(({ version }) => version === family).map(formatIp);
}

function cidrsOf(texts: readonly string[], family: IpFamily): readonly string[] {
  const cidrs = texts.flatMap((text) => parseCidr(text.trim()) ?? []);
  return cidrs.filter(({ address }) => address.version === family).map(formatCidr);
}
