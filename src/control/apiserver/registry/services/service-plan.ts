import type { Service } from '../../../api/gen/core-v1.js';
import { parseIp } from '../../../machinery/ip-address.js';

/** Whether a Service has addresses within the cluster (headless ones say that they want none). */
export function needsClusterIp({ spec }: Service): boolean {
  return spec?.type !== 'ExternalName';
}

/** Whether each of its ports is open on every node. */
export function needsNodePorts({ spec }: Service): boolean {
  if (spec?.type === 'NodePort') return true;
  return spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false;
}

/** Whether load balancers ask nodes by a port of its own if they have endpoints. */
export function needsHealthCheckPort({ spec }: Service): boolean {
  return spec?.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** The node ports that it has. */
export function portsOf(service: Service): Set<number> {
  const ports = new Set<number>();
  const { spec } = service;
  if (spec?.type === 'NodePort' || spec?.type === 'LoadBalancer') {
    for (const { nodePort } of spec.ports ?? []) if (nodePort) ports.add(nodePort);
  }
  if (needsHealthCheckPort(service) && spec?.healthCheckNodePort)
    ports.add(spec.healthCheckNodePort);
  return ports;
}

/**
 * Fills in which families a Service has addresses of, from what it asks for and what the cluster has. A headless Service without
 * selector has both in any case, since its endpoints are its owner's business.
 */
export function settleFamilies(service: Service, clusterFamilies: readonly string[]): void {
  const spec = service.spec ?? {};
  service.spec = spec;
  if (spec.clusterIP === undefined && spec.clusterIPs?.[0] !== undefined)
    spec.clusterIP = spec.clusterIPs[0];
  if ((spec.clusterIPs ?? []).length === 0 && spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  const asked = spec.ipFamilies ?? [];
  const fromIps = (spec.clusterIPs ?? []).flatMap((ip) => familyOf(ip) ?? []);
  const hasSelector = Object.keys(spec.selector ?? {}).length > 0;
  const isLoose = spec.clusterIP === 'None' && !hasSelector;
  if (spec.ipFamilyPolicy === undefined) {
    const wantsBoth = asked.length === 2 || fromIps.length === 2 || (isLoose && asked.length === 0);
    spec.ipFamilyPolicy = wantsBoth ? 'RequireDualStack' : 'SingleStack';
  }
  const families = [...(asked.length > 0 ? asked : fromIps)];
  if (families.length === 0) families.push(clusterFamilies[0] ?? 'IPv4');
  const second = families[0] === 'IPv4' ? 'IPv6' : 'IPv4';
  const canHaveBoth = isLoose || clusterFamilies.includes(second);
  if (spec.ipFamilyPolicy !== 'SingleStack' && families.length === 1 && canHaveBoth)
    families.push(second);
  spec.ipFamilies = families;
}

/** The families that it gets an address of, in order. */
export function familiesFor({ spec }: Service): readonly string[] {
  return spec?.ipFamilies ?? [];
}

/** An update that leaves out what was allocated keeps it. */
export function keepAllocated(service: Service, old: Service): void {
  const spec = service.spec ?? {};
  service.spec = spec;
  if (needsClusterIp(service) && needsClusterIp(old)) {
    if (!spec.clusterIP && old.spec?.clusterIP) {
      spec.clusterIP = old.spec.clusterIP;
      if ((spec.clusterIPs ?? []).length === 0) spec.clusterIPs = [...(old.spec.clusterIPs ?? [])];
    }
    if (spec.ipFamilyPolicy === undefined && old.spec?.ipFamilyPolicy) {
      spec.ipFamilyPolicy = old.spec.ipFamilyPolicy;
    }
    if (spec.ipFamilies === undefined && old.spec?.ipFamilies)
      spec.ipFamilies = [...old.spec.ipFamilies];
  }
  if (needsNodePorts(service) && needsNodePorts(old)) keepNodePorts(service, old);
  if (needsHealthCheckPort(service) && needsHealthCheckPort(old) && !spec.healthCheckNodePort) {
    const port = old.spec?.healthCheckNodePort;
    if (port) spec.healthCheckNodePort = port;
  }
}

function keepNodePorts(service: Service, old: Service): void {
  const used = new Set((service.spec?.ports ?? []).map(({ nodePort }) => nodePort));
  for (const port of service.spec?.ports ?? []) {
    if (port.nodePort) continue;
    const before = (old.spec?.ports ?? []).find(
      (one) => one.port === port.port && (one.protocol ?? 'TCP') === (port.protocol ?? 'TCP'),
    );
    if (!before?.nodePort || used.has(before.nodePort)) continue;
    port.nodePort = before.nodePort;
    used.add(before.nodePort);
  }
}

function familyOf(ip: string): string | null {
  const parsed = parseIp(ip);
  if (parsed === null) return null;
  return parsed.address.version === 4 ? 'IPv4' : 'IPv6';
}
