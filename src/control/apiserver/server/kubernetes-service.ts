import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Endpoints, Service } from '../../api/gen/core-v1.js';
import type { EndpointSlice } from '../../api/gen/discovery-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { parseIp } from '../../machinery/ip-address.js';
import type { GroupResource, KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import type { ServerWrites } from '../registry/server-writes.js';
import type { ObjectStorage } from '../storage/contracts.js';

const services = { group: '', resource: 'services' };
const endpoints = { group: '', resource: 'endpoints' };
const slices = { group: 'discovery.k8s.io', resource: 'endpointslices' };
const namespace = 'default';
const name = 'kubernetes';
const leaseSeconds = 15;
const renewMs = 10_000;

/** Where clients in the cluster find the API servers. */
export interface KubernetesServiceOptions {
  readonly writes: ServerWrites;
  /** Reads what is committed, by resource. */
  readonly storageOf: (resource: GroupResource) => ObjectStorage;
  /** Keeps one object a replica, which goes by itself when the replica does not renew it. */
  readonly leases: ObjectStorage;
  /** The address of this replica that others reach. */
  readonly address: string;
  readonly port: number;
  /** Tells this replica from others at the same address, behind a balancer; '' when there is none. */
  readonly replica: string;
  /** The Service's own address: the first of the range. */
  readonly clusterIp: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps the `kubernetes` Service in namespace `default`, with the addresses of all replicas that run as its endpoints: each replica
 * says every few seconds that it is there, and writes the endpoints as all that are there make them.
 */
export class KubernetesService {
  readonly #options: KubernetesServiceOptions;

  constructor(options: KubernetesServiceOptions) {
    this.#options = options;
  }

  /** Rounds until `signal` aborts; then the replica takes itself out. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      await sleep(clock, renewMs, signal).catch(() => {});
      if (signal.aborted) break;
      await this.round().catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        logger.warn('the endpoints of the kubernetes Service were not renewed', { error: text });
      });
    }
  }

  /** Makes the Service if it is missing, renews this replica's lease, and writes the endpoints if they are not right. */
  async round(): Promise<void> {
    await this.#ensureService();
    if (isLoopback(this.#options.address)) return;
    await this.#renew();
    await this.#writeEndpoints(await this.#addresses());
  }

  /** Takes this replica out of the endpoints. */
  async leave(): Promise<void> {
    const { leases, address } = this.#options;
    if (isLoopback(address)) return;
    await leases
      .delete('', this.#leaseName, { preconditions: {}, check: async () => {} })
      .catch(ignoreNotFound);
    await this.#writeEndpoints(await this.#addresses());
  }

  async #ensureService(): Promise<void> {
    const { writes, storageOf, port, clusterIp } = this.#options;
    const present = await storageOf(services)
      .get(namespace, name, { at: 'any' })
      .catch(ignoreNotFound);
    if (present !== undefined) return;
    const service: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        clusterIP: clusterIp,
        clusterIPs: [clusterIp],
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
        sessionAffinity: 'None',
        type: 'ClusterIP',
        internalTrafficPolicy: 'Cluster',
      },
    };
    await writes.ensure(services, namespace, service);
  }

  /** The generation makes each renewal a change, without which the lease would not be renewed. */
  async #renew(): Promise<void> {
    const { leases, address } = this.#options;
    const leaseName = this.#leaseName;
    await leases.update(
      '',
      leaseName,
      async (current) => {
        const generation = (current?.metadata.generation ?? 0) + 1;
        const object: Endpoints = {
          apiVersion: 'v1',
          kind: 'Endpoints',
          metadata: { name: leaseName, generation },
          subsets: [{ addresses: [{ ip: address }] }],
        };
        return { object, ttlSeconds: leaseSeconds };
      },
      { preconditions: {}, mayCreate: true },
    );
  }

  async #addresses(): Promise<string[]> {
    const page = await this.#options.leases.list({
      namespace: '',
      freshness: { at: 'latest' },
      filter: null,
      limit: 0,
      afterKey: '',
    });
    const addresses = page.items.map(({ object }) => addressOf(object as Endpoints));
    return [...new Set(addresses)].sort();
  }

  /** The address, as other API servers have it too; with what tells replicas of one address apart. */
  get #leaseName(): string {
    const { address, replica } = this.#options;
    return replica === '' ? address : `${address}-${replica}`;
  }

  async #writeEndpoints(addresses: readonly string[]): Promise<void> {
    const { port } = this.#options;
    const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    const ports = [{ name: 'https', port, protocol: 'TCP' }];
    const wanted: Endpoints = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name, labels },
      ...(addresses.length === 0
        ? {}
        : { subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports }] }),
    };
    const isIpv6 = parseIp(addresses[0] ?? '')?.address.version === 6;
    const slice: EndpointSlice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, labels: { 'kubernetes.io/service-name': name } },
      addressType: isIpv6 ? 'IPv6' : 'IPv4',
      endpoints: addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
      ports,
    };
    await this.#put(endpoints, wanted, ['subsets']);
    await this.#put(slices, slice, ['endpoints', 'ports']);
  }

  /** Creates the object, or sets these fields of the one that is there. */
  async #put(
    resource: GroupResource,
    wanted: KubeObject,
    fields: readonly string[],
  ): Promise<void> {
    const { writes, storageOf } = this.#options;
    const current = await storageOf(resource)
      .get(namespace, name, { at: 'latest' })
      .catch(ignoreNotFound);
    if (current === undefined) {
      await writes.ensure(resource, namespace, wanted);
      return;
    }
    if (deepEqual(pick(current.object, fields), pick(wanted, fields))) return;
    await writes.update({ resource, namespace, name }, (fresh) => ({
      ...fresh,
      ...pick(wanted, fields),
    }));
  }
}

function addressOf({ metadata, subsets }: Endpoints): string {
  return subsets?.[0]?.addresses?.[0]?.ip ?? metadata.name ?? '';
}

/** Endpoints may not be on the loopback: who is reached there alone has none. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === 'localhost';
}

function pick(object: KubeObject, fields: readonly string[]): Record<string, never> {
  const values = object as unknown as Record<string, unknown>;
  return Object.fromEntries(fields.map((field) => [field, values[field] ?? []])) as Record<
    string,
    never
  >;
}

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
  throw error;
}
