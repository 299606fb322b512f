import type { Service } from '../api/gen/core-v1.js';
import type { EndpointSlice } from '../api/gen/discovery-v1.js';
import { isProxied } from './model/view-service.js';

/** A port on which load balancers ask whether this node has endpoints of a service. */
export interface HealthCheckPort {
  readonly port: number;
  readonly namespace: string;
  readonly service: string;
  readonly localEndpoints: number;
}

/** What a service wants to be asked about on this node; null: nothing. */
export function healthCheckOf(
  service: Service,
  slices: readonly EndpointSlice[],
  nodeName: string,
): HealthCheckPort | null {
  const { spec, metadata } = service;
  const port = spec?.healthCheckNodePort ?? 0;
  if (spec === undefined || port === 0 || !isProxied(service)) return null;
  if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') return null;
  const local = new Set<string>();
  for (const endpoint of slices.flatMap(({ endpoints }) => endpoints ?? [])) {
    const isReady = endpoint.conditions?.ready ?? true;
    const ip = endpoint.addresses?.[0];
    if (isReady && endpoint.nodeName === nodeName && ip !== undefined) local.add(ip);
  }
  return {
    ...{ port, namespace: metadata.namespace ?? '', service: metadata.name ?? '' },
    localEndpoints: local.size,
  };
}

/** The answer on such a port: 200 when there is something here, else 503; as kube-proxy words it. */
export function healthCheckAnswer(
  { namespace, service, localEndpoints }: HealthCheckPort,
  isProxyHealthy: boolean,
): { readonly status: number; readonly body: string } {
  const body = {
    ...{ service: { namespace, name: service }, localEndpoints },
    serviceProxyHealthy: isProxyHealthy,
  };
  return {
    status: localEndpoints > 0 && isProxyHealthy ? 200 : 503,
    body: JSON.stringify(body, null, '\t'),
  };
}
