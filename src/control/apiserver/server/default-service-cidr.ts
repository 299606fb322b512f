import type { ServiceCIDR } from '../../api/gen/networking-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { formatTime } from '../../machinery/time.js';
import type { ServerWrites } from '../registry/server-writes.js';

const serviceCidrs = { group: 'networking.k8s.io', resource: 'servicecidrs' };
const name = 'kubernetes';

/**
 * Makes the ServiceCIDR `kubernetes`, which shows the networks that Services get their addresses from, and says that it is ready. One
 * that is there stays as it is: when it has other networks, or is being deleted, nothing is said of it.
 */
export async function ensureDefaultServiceCidr(
  writes: ServerWrites,
  cidrs: readonly string[],
  nowMs: () => number,
): Promise<void> {
  const wanted = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name },
    spec: { cidrs: [...cidrs] },
  } satisfies ServiceCIDR;
  await writes.ensure(serviceCidrs, '', wanted);
  const place = { resource: serviceCidrs, namespace: '', name };
  await writes.update(place, (current) => withReady(current, cidrs, nowMs()), 'status');
}

/** The same object when there is nothing to say. */
function withReady(current: ServiceCIDR, cidrs: readonly string[], nowMs: number): ServiceCIDR {
  const { metadata, spec, status } = current;
  const conditions = status?.conditions ?? [];
  const isSaid = conditions.some(({ type }) => type === 'Ready');
  const isGoing = metadata.deletionTimestamp !== undefined;
  if (isSaid || isGoing || !deepEqual(spec?.cidrs ?? [], [...cidrs])) return current;
  const ready = {
    ...{ type: 'Ready', status: 'True', reason: '' },
    message: 'Kubernetes default Service CIDR is ready',
    lastTransitionTime: formatTime(nowMs),
  };
  return { ...current, status: { ...status, conditions: [...conditions, ready] } };
}
