import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { Address } from '../../host/net.js';
import type { Service } from '../api/gen/core-v1.js';
import type { EndpointSlice } from '../api/gen/discovery-v1.js';
import { Backoff } from '../client/backoff.js';
import { type ControlClient, resources, UnreachableError } from '../client/index.js';
import { StatusError } from '../machinery/status.js';

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
const backoffMs = { minMs: 500, maxMs: 10_000 };

/**
 * Makes the Service `kube-system/kube-dns`, by which pods and tools know the cluster's DNS, and the slice with its endpoints: it selects no
 * pods, since name servers are processes. It is tried until the API server takes it: one that starts refuses for a moment what it allows
 * later. Rejects with StatusError when the Service cannot be as it is asked for, and as `signal` does.
 */
export async function untilKubeDns(
  client: ControlClient,
  service: KubeDnsService,
  parts: { readonly clock: Clock; readonly prng: Prng; readonly logger: Logger },
  signal: AbortSignal,
): Promise<Service> {
  const backoff = new Backoff(parts.prng, backoffMs);
  for (;;) {
    try {
      return await ensureKubeDns(client, service, signal);
    } catch (error) {
      const isFinal = error instanceof StatusError && error.reason === 'Invalid';
      const isRefused = error instanceof StatusError || error instanceof UnreachableError;
      if (isFinal || !isRefused) throw error;
      parts.logger.warn('the Service kube-dns cannot be made yet', { error: error.message });
    }
    await sleep(parts.clock, backoff.next(), signal);
  }
}

/** Rejects with StatusError and UnreachableError. */
async function ensureKubeDns(
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
