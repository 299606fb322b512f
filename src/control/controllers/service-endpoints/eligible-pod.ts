import { isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Pod, Service, ServicePort } from '../../api/gen/core-v1.js';

/** It has an address and has not ended; one that is being deleted counts where `includeTerminating` says so. */
export function isReachable(pod: Pod, includeTerminating: boolean): boolean {
  const { podIP = '', podIPs = [] } = pod.status ?? {};
  if (isPodTerminal(pod) || (podIP === '' && podIPs.length === 0)) return false;
  return includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

/** The name that DNS gives the pod within the service; undefined when it asked for none there. */
export function publishedHostname(pod: Pod, service: Service): string | undefined {
  const { hostname = '', subdomain } = pod.spec ?? {};
  const isIn =
    subdomain === service.metadata.name && pod.metadata.namespace === service.metadata.namespace;
  return hostname !== '' && isIn ? hostname : undefined;
}

/** The number of the pod's port that a port of a service leads to; null when the pod has none of that name and protocol. */
export function targetPortOf(pod: Pod, { targetPort, port, protocol }: ServicePort): number | null {
  if (typeof targetPort === 'number') return targetPort;
  if (targetPort === undefined || targetPort === '') return port ?? null;
  const sidecars = (pod.spec?.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === 'Always',
  );
  for (const { ports = [] } of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = ports.find(
      (each) => each.name === targetPort && (each.protocol ?? 'TCP') === (protocol ?? 'TCP'),
    );
    if (found?.containerPort !== undefined) return found.containerPort;
  }
  return null;
}

/** The service has no address of its own: clients are led to its endpoints themselves. */
export function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === undefined || spec.clusterIP === '' || spec.clusterIP === 'None';
}

/** The controllers of endpoints see to it: it selects pods, and is more than a name of something outside. */
export function selectsPods({ spec }: Service): boolean {
  return spec?.type !== 'ExternalName' && Object.keys(spec?.selector ?? {}).length > 0;
}
