import type { Service } from '../../api/gen/core-v1.js';
import { isHeadless } from '../service-endpoints/eligible-pod.js';

/** The label of a slice with the name of its service. */
export const serviceNameLabel = 'kubernetes.io/service-name';
/** The label of a slice with who writes it. */
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
/** Who writes the slices of services that select pods. */
export const sliceManager = 'endpointslice-controller.k8s.io';
/** The label of what belongs to a service without an address of its own. */
export const headlessLabel = 'service.kubernetes.io/headless';

const reserved = [serviceNameLabel, managedByLabel, headlessLabel];

/** Labels of a slice of a service: the service's own, and those that say whose it is. */
export function sliceLabels(service: Service): Record<string, string> {
  const own = Object.entries(service.metadata.labels ?? {}).filter(
    ([key]) => !reserved.includes(key),
  );
  return {
    ...Object.fromEntries(own),
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: service.metadata.name ?? '',
    [managedByLabel]: sliceManager,
  };
}
