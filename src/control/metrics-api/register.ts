import type { APIService } from '../api/gen/apiregistration-v1.js';
import type { EndpointSlice } from '../api/gen/discovery-v1.js';
import { apiResource, type ControlClient, resources } from '../client/index.js';
import { metricsVersion } from './metrics-objects.js';

/** Where the API server finds the metrics. */
export interface MetricsPlace {
  /** An IP address that the API server reaches. */
  readonly host: string;
  readonly port: number;
  /** PEM of who signed the certificate that is shown there; its name is {@link metricsServiceName}. */
  readonly ca: string;
}

const namespace = 'kube-system';
const name = 'metrics-server';
const manager = 'flotilla-metrics-server';
const servicePort = 443;
const apiServices = apiResource<APIService>(
  'apiregistration.k8s.io/v1',
  'apiservices',
  'APIService',
  'cluster',
);

/** The name that the API server asks a certificate for. */
export const metricsServiceName = `${name}.${namespace}.svc`;

/**
 * Makes the APIService of metrics.k8s.io/v1beta1 and the Service kube-system/metrics-server that it leads to. Rejects with StatusError and
 * UnreachableError.
 */
export async function registerMetrics(
  client: ControlClient,
  place: MetricsPlace,
  signal: AbortSignal,
): Promise<void> {
  const port = isLoopback(place.host)
    ? await applyLocalService(client, place, signal)
    : await applyService(client, place, signal);
  const [group = '', version = ''] = metricsVersion.split('/');
  const service: APIService = {
    metadata: { name: `${version}.${group}`, labels: { 'k8s-app': name } },
    spec: {
      ...{ group, version, groupPriorityMinimum: 100, versionPriority: 100 },
      service: { name, namespace, port },
      caBundle: Buffer.from(place.ca).toString('base64'),
    },
  };
  await client.objects(apiServices).apply(service, { manager, force: true, signal });
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}

/** What only this machine reaches is no endpoint, as the API has it: the Service is another name for this machine. Resolves with its port. */
async function applyLocalService(
  client: ControlClient,
  { port }: MetricsPlace,
  signal: AbortSignal,
): Promise<number> {
  const spec = { type: 'ExternalName', externalName: 'localhost' };
  const metadata = { name, namespace, labels: { 'k8s-app': name } };
  const options = { manager, force: true, signal };
  await client.objects(resources.services).apply({ metadata, spec }, options);
  return port;
}

/** The Service selects no pods, for the server is a process. Resolves with its port. */
async function applyService(
  client: ControlClient,
  { host, port }: MetricsPlace,
  signal: AbortSignal,
): Promise<number> {
  const options = { manager, force: true, signal };
  await client.objects(resources.services).apply(
    {
      metadata: { name, namespace, labels: { 'k8s-app': name } },
      spec: {
        type: 'ClusterIP',
        ports: [{ name: 'https', protocol: 'TCP', port: servicePort, targetPort: port }],
      },
    },
    options,
  );
  const slice: EndpointSlice = {
    metadata: {
      ...{ name: `${name}-flotilla`, namespace },
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': manager,
      },
    },
    addressType: host.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: 'https', protocol: 'TCP', port }],
  };
  await client.objects(resources.endpointSlices).apply(slice, options);
  return servicePort;
}
