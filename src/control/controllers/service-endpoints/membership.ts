import { isPodReady, isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Pod, Service } from '../../api/gen/core-v1.js';
import { type Lister, namespaceIndex, objectKey } from '../../client/index.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { type Labels, labelOf } from '../../machinery/labels.js';

/** Whether labels carry all that a service selects by. An empty selector selects nothing. */
export function matchesSelector(selector: Labels | undefined, labels: Labels | undefined): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labelOf(labels, key) === value);
}

/** The pods that a service selects. */
export function podsOf(service: Service, pods: Lister<Pod>): readonly Pod[] {
  const selector = service.spec?.selector;
  return pods
    .byIndex(namespaceIndex, service.metadata.namespace ?? '')
    .filter(({ metadata }) => matchesSelector(selector, metadata.labels));
}

/** Keys of the services that select a pod. */
export function servicesOf(pod: Pod, services: Lister<Service>): ReadonlySet<string> {
  const selecting = services
    .byIndex(namespaceIndex, pod.metadata.namespace ?? '')
    .filter(({ spec }) => matchesSelector(spec?.selector, pod.metadata.labels));
  return new Set(selecting.map(objectKey));
}

/** Keys of the services whose endpoints a change of a pod changes. */
export function servicesToUpdate(
  before: Pod,
  after: Pod,
  services: Lister<Service>,
): ReadonlySet<string> {
  const isMoved = !deepEqual(before.metadata.labels, after.metadata.labels);
  const isChanged = changesEndpoint(before, after);
  if (!isMoved && !isChanged) return new Set();
  const now = servicesOf(after, services);
  if (!isMoved) return now;
  const then = servicesOf(before, services);
  const all = new Set([...now, ...then]);
  if (isChanged) return all;
  return new Set([...all].filter((key) => now.has(key) !== then.has(key)));
}

/** What endpoints tell of a pod has changed. */
function changesEndpoint(before: Pod, after: Pod): boolean {
  const isGoing = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined;
  return (
    isPodReady(before) !== isPodReady(after) ||
    isGoing(before) !== isGoing(after) ||
    isPodTerminal(before) !== isPodTerminal(after) ||
    before.status?.podIP !== after.status?.podIP ||
    !deepEqual(before.status?.podIPs, after.status?.podIPs) ||
    before.spec?.nodeName !== after.spec?.nodeName ||
    before.spec?.hostname !== after.spec?.hostname ||
    before.spec?.subdomain !== after.spec?.subdomain
  );
}
