import type { IPAddress, ServiceCIDR } from '../../api/gen/networking-v1.js';
import { cidrContains, parseCidr, parseIp } from '../../machinery/ip-address.js';

/** Keeps a ServiceCIDR as long as services have addresses of it. */
export const serviceCidrFinalizer = 'networking.k8s.io/service-cidr-finalizer';

/** What to do about a ServiceCIDR. */
export type ServiceCidrAction =
  | { readonly kind: 'nothing' }
  /** It has to keep its finalizer, or may lose it. */
  | { readonly kind: 'finalizers'; readonly finalizers: readonly string[] }
  | { readonly kind: 'condition'; readonly condition: ReadyCondition };

/** The condition Ready, but for its times. */
export interface ReadyCondition {
  readonly type: 'Ready';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

const ready: ReadyCondition = {
  ...{ type: 'Ready', status: 'True', reason: '' },
  message: 'Kubernetes Service CIDR is ready',
};
const terminating: ReadyCondition = {
  ...{ type: 'Ready', status: 'False', reason: 'Terminating' },
  message:
    'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
};

/** Plans the next step: it gets its finalizer, then is ready; one that is being deleted goes when no address needs it. */
export function planServiceCidr(
  cidr: ServiceCIDR,
  others: Iterable<ServiceCIDR>,
  addresses: Iterable<IPAddress>,
): ServiceCidrAction {
  const finalizers = cidr.metadata.finalizers ?? [];
  const hasFinalizer = finalizers.includes(serviceCidrFinalizer);
  if (cidr.metadata.deletionTimestamp === undefined) {
    if (!hasFinalizer) {
      return { kind: 'finalizers', finalizers: [...finalizers, serviceCidrFinalizer] };
    }
    // Whoever else says that it is ready, as the API server does of the first, is right too.
    return says(cidr, 'True') ? { kind: 'nothing' } : { kind: 'condition', condition: ready };
  }
  if (!hasFinalizer) return { kind: 'nothing' };
  if (isNeeded(cidr, others, addresses)) {
    const isSaid = says(cidr, 'False');
    return isSaid ? { kind: 'nothing' } : { kind: 'condition', condition: terminating };
  }
  const rest = finalizers.filter((name) => name !== serviceCidrFinalizer);
  return { kind: 'finalizers', finalizers: rest };
}

/** An address of it is in no other ServiceCIDR that stays. */
function isNeeded(
  cidr: ServiceCIDR,
  others: Iterable<ServiceCIDR>,
  addresses: Iterable<IPAddress>,
): boolean {
  const own = networksOf(cidr);
  const staying = [...others]
    .filter(({ metadata }) => metadata.name !== cidr.metadata.name)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap(networksOf);
  for (const { metadata } of addresses) {
    const address = parseIp(metadata.name ?? '')?.address;
    if (address === undefined) continue;
    const isIn = (networks: typeof own) => networks.some((each) => cidrContains(each, address));
    if (isIn(own) && !isIn(staying)) return true;
  }
  return false;
}

function networksOf({ spec }: ServiceCIDR) {
  return (spec?.cidrs ?? []).flatMap((text) => parseCidr(text) ?? []);
}

function says({ status }: ServiceCIDR, wanted: string): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === wanted;
}
