import type { Service } from '../api/gen/core-v1.js';
import type { EndpointSlice } from '../api/gen/discovery-v1.js';

/** What names are made of, as far as it is known now. Lookups are constant time; what they give is shared. */
export interface ClusterView {
  hasNamespace(name: string): boolean;
  service(namespace: string, name: string): Service | undefined;
  /** The slices of a service. */
  slicesOf(namespace: string, service: string): readonly EndpointSlice[];
  /** The service that has this address as one of its cluster IPs. */
  serviceByIp(ip: string): Service | undefined;
  /** Slices with an endpoint of this address. */
  slicesByIp(ip: string): readonly EndpointSlice[];
  /** Whether a pod of the namespace has this address. */
  hasPod(namespace: string, ip: string): boolean;
}
