import { cloneJson } from '../../../machinery/clone.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import type { Service, ServiceSpec } from '../../gen/core-v1.js';
import { restore } from '../restore.js';
import {
  isReachedFromOutside,
  needsClusterIp,
  needsHealthCheck,
  needsNodePorts,
  specOf,
} from './service-needs.js';

/** A new service: its status is not the client's, and its address is said in both of the fields for it. */
export function prepareServiceCreate(service: Service): void {
  service.status = { loadBalancer: {} };
  service.spec ??= {};
  const { spec } = service;
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
}

/** An update: what was given out stays though the client does not repeat it, and goes when the new type has no use for it. */
export function prepareServiceUpdate(service: Service, old: Service): void {
  restore(service, old, 'status');
  service.spec ??= {};
  const { spec } = service;
  const before = specOf(old);
  keepGivenOut(spec, before);
  alignClusterIps(spec, before);
  dropUseless(spec, before);
  dropSecondFamily(spec, before);
}

function keepGivenOut(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(spec) && needsClusterIp(old)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP;
    if (!spec.clusterIPs?.length && spec.clusterIP === old.clusterIP) copy(spec, old, 'clusterIPs');
  }
  if (needsNodePorts(spec) && needsNodePorts(old)) keepNodePorts(spec, old);
  if (needsHealthCheck(spec) && needsHealthCheck(old) && !spec.healthCheckNodePort) {
    copy(spec, old, 'healthCheckNodePort');
  }
}

/** Ports of the same name keep their port of the nodes, unless another port of the service has got it. */
function keepNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const taken = new Set(spec.ports?.map(({ nodePort }) => nodePort ?? 0));
  const byName = new Map(old.ports?.map(({ name = '', nodePort }) => [name, nodePort]));
  for (const port of spec.ports ?? []) {
    const before = byName.get(port.name ?? '');
    if (port.nodePort || !before || taken.has(before)) continue;
    port.nodePort = before;
  }
}

/** Clients that know one of the two fields change only that one. */
function alignClusterIps(spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.clusterIP === old.clusterIP) return;
  if (!deepEqual(spec.clusterIPs ?? [], old.clusterIPs ?? [])) return;
  if (!spec.clusterIP) delete spec.clusterIPs;
  else spec.clusterIPs = [spec.clusterIP, ...(spec.clusterIPs ?? []).slice(1)];
}

function dropUseless(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(old) && !needsClusterIp(spec)) {
    if (isSame(spec, old, 'clusterIP') && isSame(spec, old, 'clusterIPs')) {
      drop(spec, 'clusterIP', 'clusterIPs');
    }
    dropUnchanged(spec, old, 'ipFamilies', 'ipFamilyPolicy');
  }
  if (needsNodePorts(old) && !needsNodePorts(spec) && hasSameNodePorts(spec, old)) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (needsHealthCheck(old) && !needsHealthCheck(spec)) {
    dropUnchanged(spec, old, 'healthCheckNodePort');
  }
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    dropUnchanged(spec, old, 'allocateLoadBalancerNodePorts', 'loadBalancerClass');
  }
  if (isReachedFromOutside(old) && !isReachedFromOutside(spec)) {
    dropUnchanged(spec, old, 'externalTrafficPolicy');
  }
}

function hasSameNodePorts(spec: ServiceSpec, old: ServiceSpec): boolean {
  const portsOf = ({ ports }: ServiceSpec) =>
    [...new Set(ports?.map(({ nodePort }) => nodePort ?? 0))].filter((port) => port !== 0).sort();
  return deepEqual(portsOf(spec), portsOf(old));
}

/** Who asks for a single family gets rid of the second by that alone. */
function dropSecondFamily(spec: ServiceSpec, old: ServiceSpec): void {
  if (!needsClusterIp(spec) || spec.ipFamilyPolicy !== 'SingleStack') return;
  if (old.ipFamilyPolicy === 'SingleStack') return;
  if (isSame(spec, old, 'clusterIPs')) spec.clusterIPs = (spec.clusterIPs ?? []).slice(0, 1);
  if (isSame(spec, old, 'ipFamilies')) spec.ipFamilies = (spec.ipFamilies ?? []).slice(0, 1);
}

function isSame(spec: ServiceSpec, old: ServiceSpec, name: keyof ServiceSpec): boolean {
  return deepEqual(spec[name] ?? null, old[name] ?? null);
}

function dropUnchanged(
  spec: ServiceSpec,
  old: ServiceSpec,
  ...names: readonly (keyof ServiceSpec)[]
): void {
  for (const name of names) if (isSame(spec, old, name)) delete spec[name];
}

function drop(spec: ServiceSpec, ...names: readonly (keyof ServiceSpec)[]): void {
  for (const name of names) delete spec[name];
}

function copy<K extends keyof ServiceSpec>(spec: ServiceSpec, old: ServiceSpec, name: K): void {
  const value = old[name];
  if (value !== undefined) spec[name] = cloneJson(value);
}
