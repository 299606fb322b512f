import type { Endpoints, Service } from '../../api/gen/core-v1.js';
import type { EndpointSlice } from '../../api/gen/discovery-v1.js';
import type { ObjectReader } from '../contracts.js';

/** A service that cannot be reached, and why. */
export class ServiceAddressError extends Error {
  override readonly name = 'ServiceAddressError';
  /** As the conditions of an APIService name it. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A port of a service. */
export interface ServicePortName {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Where a service is reached. */
export interface ServiceAddress {
  /** An IP address or a name, without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Where requests for a service are to be sent: to one of the pods behind it when any is ready, `pick` says which of so many; else to
 * its cluster IP. Rejects with {@link ServiceAddressError}.
 */
export async function serviceAddress(
  objects: ObjectReader,
  { namespace, name, port }: ServicePortName,
  pick: (count: number) => number,
): Promise<ServiceAddress> {
  const services = { group: '', resource: 'services' };
  const service = (await objects.get(services, namespace, name)) as Service | undefined;
  if (service === undefined)
    throw new ServiceAddressError(
      'ServiceNotFound',
      `service/${name} in ${JSON.stringify(namespace)} is not present`,
    );
  const { type, externalName = '', clusterIP = '', ports = [] } = service.spec ?? {};
  if (type === 'ExternalName') return { host: externalName, port };
  const wanted = ports.find((one) => one.port === port);
  if (wanted === undefined)
    throw new ServiceAddressError(
      'ServicePortError',
      `service/${name} in ${JSON.stringify(namespace)} is not listening on port ${port}`,
    );
  const ready = await readyAddresses(objects, { namespace, name }, wanted.name ?? '');
  const chosen = ready[pick(Math.max(1, ready.length))];
  if (chosen !== undefined) return chosen;
  if (clusterIP === '' || clusterIP === 'None')
    throw new ServiceAddressError(
      'MissingEndpoints',
      `endpoints for service/${name} in ${JSON.stringify(namespace)} have no addresses with port name ${JSON.stringify(wanted.name ?? '')}`,
    );
  return { host: clusterIP, port };
}

async function readyAddresses(
  objects: ObjectReader,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  portName: string,
): Promise<readonly ServiceAddress[]> {
  const slices = { group: 'discovery.k8s.io', resource: 'endpointslices' };
  const all = (await objects.list(slices, namespace)) as readonly EndpointSlice[];
  const own = all.filter(
    ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name,
  );
  const found = own.flatMap((slice) => sliceAddresses(slice, portName));
  if (found.length > 0) return found;
  const endpoints = (await objects.get({ group: '', resource: 'endpoints' }, namespace, name)) as
    | Endpoints
    | undefined;
  return (endpoints?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports
      .filter((port) => (port.name ?? '') === portName)
      .flatMap((port) => addresses.map(({ ip = '' }) => ({ host: ip, port: port.port ?? 0 }))),
  );
}

function sliceAddresses(slice: EndpointSlice, portName: string): readonly ServiceAddress[] {
  const ports = (slice.ports ?? []).filter((port) => (port.name ?? '') === portName);
  const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
  return ports.flatMap(({ port = 0 }) =>
    ready.flatMap(({ addresses = [] }) => addresses.map((host) => ({ host, port }))),
  );
}
