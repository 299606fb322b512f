import { checkClusterIps } from '../../../api/core-v1/index.js';
import type { Service, ServicePort } from '../../../api/gen/core-v1.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import { fieldPath, internalFieldError, invalidValue } from '../../../machinery/field-path.js';
import type { KubeObject } from '../../../machinery/object.js';
import { StatusError } from '../../../machinery/status.js';
import { internalError, invalid } from '../../../machinery/status-errors.js';
import type { RequestContext } from '../../contracts.js';
import type { RegistryHooks, Reservation } from '../registry-options.js';
import { AllocationError, type IpAllocator } from './ip-allocator.js';
import { type PortAllocator, TakenPortError } from './port-allocator.js';
import {
  familiesFor,
  keepAllocated,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePorts,
  portsOf,
  settleFamilies,
} from './service-plan.js';

/** What gives Services their addresses and ports. */
export interface ServiceAllocators {
  /** The first is the cluster's own family. */
  readonly ips: readonly IpAllocator[];
  readonly ports: PortAllocator;
}

/** Gives Services addresses and node ports as they are written, and takes them back when they go. */
export function serviceHooks(allocators: ServiceAllocators): RegistryHooks {
  return {
    beginCreate: (object, context) => reserve(allocators, object as Service, null, context),
    beginUpdate(object, old, context) {
      keepAllocated(object as Service, old as Service);
      return reserve(allocators, object as Service, old as Service, context);
    },
    afterDelete(object: KubeObject) {
      const service = object as Service;
      const ips = needsClusterIp(service) ? (service.spec?.clusterIPs ?? []) : [];
      return release(allocators, { ips, ports: [...portsOf(service)] });
    },
  };
}

async function reserve(
  allocators: ServiceAllocators,
  service: Service,
  old: Service | null,
  { isDryRun }: RequestContext,
): Promise<Reservation> {
  const taken = { ips: [] as string[], ports: [] as number[] };
  const rollback = () =>
    release(allocators, { ips: taken.ips.splice(0), ports: taken.ports.splice(0) });
  try {
    await reserveIps(allocators, service, old, taken.ips, isDryRun);
    if (!isDryRun) await reservePorts(allocators, service, old, taken.ports);
  } catch (error) {
    await rollback();
    throw error;
  }
  const freed = old === null ? { ips: [], ports: [] } : freedBy(service, old);
  return { rollback, commit: () => release(allocators, freed) };
}

/** What the old state had and the new one has not. */
function freedBy(service: Service, old: Service): { ips: string[]; ports: number[] } {
  const kept = new Set(needsClusterIp(service) ? (service.spec?.clusterIPs ?? []) : []);
  const ports = portsOf(service);
  const before = needsClusterIp(old) ? (old.spec?.clusterIPs ?? []) : [];
  return {
    ips: before.filter((ip) => ip !== 'None' && !kept.has(ip)),
    ports: [...portsOf(old)].filter((port) => !ports.has(port)),
  };
}

async function reserveIps(
  { ips }: ServiceAllocators,
  service: Service,
  old: Service | null,
  taken: string[],
  isDryRun: boolean,
): Promise<void> {
  if (!needsClusterIp(service)) return;
  const spec = service.spec ?? {};
  service.spec = spec;
  settleFamilies(
    service,
    ips.map(({ range }) => range.family),
  );
  if (old === null) refuseStrangeIps(service);
  if (spec.clusterIP === 'None') return;
  // What is there stays: whether it was changed is for validation to refuse, so nothing is taken for it.
  const before = old !== null && needsClusterIp(old) ? (old.spec?.clusterIPs ?? []) : [];
  if (before[0] === 'None') return;
  const owner = { namespace: service.metadata.namespace ?? '', name: service.metadata.name ?? '' };
  const asked = spec.clusterIPs ?? [];
  const result: string[] = [];
  for (const [at, family] of familiesFor(service).entries()) {
    const text = asked[at] ?? '';
    const isHeld = at < before.length && text !== '';
    const allocator = ips.find(({ range }) => range.family === family);
    if (isHeld || allocator === undefined || isDryRun) {
      if (text !== '') result.push(text);
      continue;
    }
    try {
      const ip =
        text === '' ? await allocator.allocateNext(owner) : await allocator.allocate(text, owner);
      taken.push(ip);
      result.push(text === '' ? ip : text);
    } catch (error) {
      throw ipFailure(service, text, error);
    }
  }
  if (result.length === 0) return;
  spec.clusterIPs = result;
  spec.clusterIP = result[0] ?? '';
}

/** Throws 422 for what is no address of a family: nothing is looked up for it. */
function refuseStrangeIps({ metadata, spec = {} }: Service): void {
  const errors: FieldError[] = [];
  checkClusterIps(spec, undefined, errors);
  if (errors.length > 0) throw refused(metadata.name ?? '', ...errors);
}

async function reservePorts(
  { ports }: ServiceAllocators,
  service: Service,
  old: Service | null,
  taken: number[],
): Promise<void> {
  const { spec } = service;
  if (spec === undefined) return;
  const held = old === null ? new Set<number>() : portsOf(old);
  const given = portsOf(service);
  const asked = [...given].filter((port) => !held.has(port));
  const open = needsNodePorts(service) ? (spec.ports ?? []).filter((port) => !port.nodePort) : [];
  const groups = sharedPorts(open, spec.ports ?? []);
  const needsCheck = needsHealthCheckPort(service) && !spec.healthCheckNodePort;
  const count = groups.length + (needsCheck ? 1 : 0);
  if (asked.length === 0 && count === 0) return;
  try {
    const free = [...(await ports.allocate(asked, count))];
    taken.push(...asked, ...free);
    for (const group of groups) {
      const nodePort = free.shift() ?? 0;
      for (const port of group) port.nodePort = nodePort;
    }
    if (needsCheck) spec.healthCheckNodePort = free.shift() ?? 0;
  } catch (error) {
    throw portFailure(service, error);
  }
}

/** Ports of one number and different protocols get one node port, as DNS over TCP and UDP; one that has it already shares it. */
function sharedPorts(open: readonly ServicePort[], all: readonly ServicePort[]): ServicePort[][] {
  const groups = new Map<number, ServicePort[]>();
  for (const port of open) {
    const number = port.port ?? 0;
    const twin = all.find(
      (other) => other.nodePort && other.port === number && other.protocol !== port.protocol,
    );
    if (twin?.nodePort) port.nodePort = twin.nodePort;
    else groups.set(number, [...(groups.get(number) ?? []), port]);
  }
  return [...groups.values()];
}

/** The Service is written by now, or is not: that this fails does not change it, and `AllocationRepair` does it later. */
async function release(
  { ips, ports }: ServiceAllocators,
  freed: { readonly ips: readonly string[]; readonly ports: readonly number[] },
): Promise<void> {
  try {
    for (const address of freed.ips) {
      if (address !== 'None' && address !== '') await ips[0]?.release(address);
    }
    await ports.release(freed.ports);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
}

function ipFailure({ metadata, spec }: Service, text: string, error: unknown): unknown {
  if (!(error instanceof AllocationError)) return error;
  if (text === '')
    return internalError(new Error(`failed to allocate a serviceIP: ${error.message}`));
  const path = fieldPath('spec', 'clusterIPs');
  const detail = `failed to allocate IP ${text}: ${error.message}`;
  return refused(metadata.name ?? '', invalidValue(path, spec?.clusterIPs ?? [], detail));
}

function portFailure({ metadata, spec }: Service, error: unknown): unknown {
  if (!(error instanceof AllocationError)) return error;
  const name = metadata.name ?? '';
  if (!(error instanceof TakenPortError)) {
    const path = fieldPath('spec', 'ports').index(0).child('nodePort');
    return refused(
      name,
      internalFieldError(path, `failed to allocate a nodePort: ${error.message}`),
    );
  }
  const at = (spec?.ports ?? []).findIndex(({ nodePort }) => nodePort === error.port);
  const path =
    at < 0
      ? fieldPath('spec', 'healthCheckNodePort')
      : fieldPath('spec', 'ports').index(at).child('nodePort');
  return refused(name, invalidValue(path, error.port, error.message));
}

function refused(name: string, ...errors: readonly FieldError[]): Error {
  return invalid({ group: '', kind: 'Service' }, name, errors);
}
