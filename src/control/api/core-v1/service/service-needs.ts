import type { Service, ServiceSpec } from '../../gen/core-v1.js';

/** A service's spec; an absent one counts as empty. */
export function specOf(service: Service | undefined): ServiceSpec {
  return service?.spec ?? {};
}

/** Whether the service has addresses in the cluster; all do but those that only stand for another name. */
export function needsClusterIp({ type }: ServiceSpec): boolean {
  return type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer';
}

/** Whether the service is reached at a port of each node. */
export function needsNodePorts({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean {
  return (
    type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false)
  );
}

/** Whether load balancers ask each node whether it has endpoints of the service. */
export function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

/** Whether the service can be reached from outside of the cluster. */
export function isReachedFromOutside({ type, externalIPs }: ServiceSpec): boolean {
  return (
    type === 'LoadBalancer' ||
    type === 'NodePort' ||
    (type === 'ClusterIP' && (externalIPs?.length ?? 0) > 0)
  );
}

/** Whether the service has no address of its own, only those of its endpoints. */
export function isHeadless({ clusterIPs }: ServiceSpec): boolean {
  return clusterIPs?.length === 1 && clusterIPs[0] === 'None';
}
