import type { Endpoints, Pod, Service } from '../../api/gen/core-v1.js';
import { badRequest, notFound, serviceUnavailable } from '../../machinery/status-errors.js';
import type { ObjectReader } from '../contracts.js';
import type { Backend, Kubelets } from './kubelets.js';
import { isProxyable } from './reachable.js';

/** What a proxied name says: `name`, `name:port`, `scheme:name:port`; '' for what is not said. */
export interface ProxyName {
  readonly scheme: '' | 'http' | 'https';
  readonly name: string;
  /** A number or a name. */
  readonly port: string;
}

/** Reads such a name; null when it is none. */
export function parseProxyName(text: string): ProxyName | null {
  const parts = text.split(':');
  if (parts.length > 3) return null;
  const [first = '', second = '', third = ''] = parts;
  const [scheme, name, port] = parts.length === 3 ? [first, second, third] : ['', first, second];
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') return null;
  if (name === '' || (parts.length === 2 && port === '')) return null;
  return { scheme, name, port };
}

/** What is looked at to find where a proxied object is. */
export interface ProxyPlaces {
  readonly objects: ObjectReader;
  readonly kubelets: Kubelets;
  /** Whether objects may lead to addresses of the API server's own machine: only when nobody from elsewhere reaches it. */
  readonly allowsOwnAddresses: boolean;
  /** Which of so many. */
  pick(count: number): number;
}

/** Where a proxied pod, service or node is reached. Rejects with what Kubernetes answers. */
export async function proxyBackend(
  places: ProxyPlaces,
  {
    resource,
    namespace,
    name: text,
  }: {
    readonly resource: string;
    readonly namespace: string;
    readonly name: string;
  },
): Promise<Backend> {
  const kind = resource.slice(0, -1);
  const asked = parseProxyName(text);
  if (asked === null) throw badRequest(`invalid ${kind} request ${JSON.stringify(text)}`);
  const backend = await backendOf(places, resource, namespace, asked);
  if (places.allowsOwnAddresses || isProxyable(backend.host)) return backend;
  throw badRequest('address not allowed');
}

function backendOf(
  places: ProxyPlaces,
  resource: string,
  namespace: string,
  asked: ProxyName,
): Promise<Backend> {
  switch (resource) {
    case 'nodes':
      return nodeBackend(places, asked);
    case 'pods':
      return podBackend(places, namespace, asked);
    default:
      return serviceBackend(places, namespace, asked);
  }
}

/** The kubelet's own port is spoken to as the API server; any other is anybody's. */
async function nodeBackend({ kubelets }: ProxyPlaces, asked: ProxyName): Promise<Backend> {
  const kubelet = await kubelets.backendOf(asked.name);
  if (asked.port === '' || asked.port === String(kubelet.port)) return kubelet;
  return { ...plain(asked.scheme), host: kubelet.host, port: numberOf(asked.port) };
}

async function podBackend(
  { objects }: ProxyPlaces,
  namespace: string,
  asked: ProxyName,
): Promise<Backend> {
  const pods = { group: '', resource: 'pods' };
  const pod = (await objects.get(pods, namespace, asked.name)) as Pod | undefined;
  if (pod === undefined) throw notFound(pods, asked.name);
  const first = (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)[0];
  const port = asked.port === '' ? first?.containerPort : numberOf(asked.port);
  const host = pod.status?.podIP ?? pod.status?.podIPs?.[0]?.ip ?? '';
  if (host === '') throw badRequest('address not allowed');
  return { ...plain(asked.scheme), host, port: port ?? (asked.scheme === 'https' ? 443 : 80) };
}

async function serviceBackend(
  { objects, pick }: ProxyPlaces,
  namespace: string,
  asked: ProxyName,
): Promise<Backend> {
  const { name } = asked;
  const services = { group: '', resource: 'services' };
  const service = (await objects.get(services, namespace, name)) as Service | undefined;
  if (service === undefined) throw notFound(services, name);
  const portName = servicePortName(service, asked.port);
  const of = { group: '', resource: 'endpoints' };
  const endpoints = (await objects.get(of, namespace, name)) as Endpoints | undefined;
  if (endpoints === undefined) throw notFound(of, name);
  const places = (endpoints.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports
      .filter((port) => (port.name ?? '') === portName)
      .flatMap(({ port = 0 }) => addresses.map(({ ip = '' }) => ({ host: ip, port }))),
  );
  const chosen = places[pick(Math.max(1, places.length))];
  if (chosen === undefined)
    throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  return { ...plain(asked.scheme), ...chosen };
}

/** Endpoints have the names of a service's ports, not their numbers. */
function servicePortName({ metadata, spec }: Service, port: string): string {
  const ports = spec?.ports ?? [];
  if (port === '') return ports.length === 1 ? (ports[0]?.name ?? '') : '';
  if (!/^\d+$/.test(port)) return port;
  const found = ports.find((one) => one.port === Number(port));
  if (found !== undefined) return found.name ?? '';
  throw serviceUnavailable(
    `no service port ${port} found for service ${JSON.stringify(metadata.name ?? '')}`,
  );
}

/** What is behind a proxy proves itself to nobody: its certificate may be any. */
function plain(scheme: ProxyName['scheme']): Pick<Backend, 'scheme' | 'tls'> {
  return scheme === 'https' ? { scheme, tls: { isUnverified: true } } : { scheme: 'http', tls: {} };
}

function numberOf(port: string): number {
  const number = Number(port);
  if (/^\d+$/.test(port) && number > 0 && number < 65536) return number;
  throw badRequest(`invalid port ${JSON.stringify(port)}`);
}
