import type { Address } from '../../host/net.js';
import type { Service } from '../api/gen/core-v1.js';
import type { EndpointSlice } from '../api/gen/discovery-v1.js';
import { type ControlClient, resources } from '../client/index.js';

/** Where the cluster's pods find their name server. */
export interface KubeDnsService {
  /** The Service's address; null: any. */
  readonly clusterIp: string | null;
  /** Where name servers listen. */
  readonly servers: readonly Address[];
}

const namespace = 'kube-system';
const name = 'kube-dns';
const manager = 'flotilla-dns';

/**
 * Makes the Service `kube-system/kube-dns`, by which pods and tools know the cluster's DNS, and the slice with its endpoints: it selects no
 * pods, since name servers are processes. Rejects with StatusError and UnreachableError.
 */
export async function ensureKubeDns(
  client: ControlClient,
  { clusterIp, servers }: KubeDnsService,
  signal: AbortSignal,
): Promise<Service> {
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' };
  const targetPort = servers[0]?.port ?? 53;
  const service = await client.objects(resources.services).apply(
    {
      metadata: { name, namespace, labels },
      spec: {
        ...(clusterIp === null ? {} : { clusterIP: clusterIp }),
        ports: [
          { name: 'dns', protocol: 'UDP', port: 53, targetPort },
          { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort },
        ],
      },
    },
    { manager, force: true, signal },
  );
  // What only this machine can reach is no endpoint, as the API has it.
  const reachable = servers.filter(({ host }) => !host.startsWith('127.') && host !== '::1');
  const isIpv6 = reachable[0]?.host.includes(':') === true;
  const slice: EndpointSlice = {
    metadata: {
      ...{ name: `${name}-flotilla`, namespace },
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': manager,
      },
    },
    addressType: isIpv6 ? 'IPv6' : 'IPv4',
    endpoints: reachable.map(({ host }) => ({ addresses: [host], conditions: { ready: true } })),
    ports: [
      { name: 'dns', protocol: 'UDP', port: targetPort },
      { name: 'dns-tcp', protocol: 'TCP', port: targetPort },
    ],
  };
  await client.objects(resources.endpointSlices).apply(slice, { manager, force: true, signal });
  return service;
}
