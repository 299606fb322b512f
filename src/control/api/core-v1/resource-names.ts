import { qualifiedNameProblems } from '../../machinery/names.js';
import { Quantity } from '../../machinery/quantity.js';

/**
 * The names of what can be requested, limited, counted and offered, and what may be done with each (core/helper of the API).
 * A name without a prefix belongs to Kubernetes; `example.com/gpu` is an extended resource.
 */

const hugePagesPrefix = 'hugepages-';
const requestsHugePagesPrefix = 'requests.hugepages-';
const nativeNamespace = 'kubernetes.io/';
const requestsPrefix = 'requests.';

const computeNames = ['cpu', 'memory', 'ephemeral-storage'] as const;

const countedNames = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
] as const;

const containerNames: ReadonlySet<string> = new Set(computeNames);
const integerNames: ReadonlySet<string> = new Set(countedNames);
const quotaNames: ReadonlySet<string> = new Set([
  ...computeNames,
  ...computeNames.map((name) => `requests.${name}`),
  ...computeNames.map((name) => `limits.${name}`),
  ...countedNames,
  'requests.storage',
]);
const standardNames: ReadonlySet<string> = new Set([...quotaNames, 'storage']);

/** Pages of one size: `hugepages-2Mi`. */
export function isHugePageName(name: string): boolean {
  return name.startsWith(hugePagesPrefix);
}

function isQuotaHugePageName(name: string): boolean {
  return isHugePageName(name) || name.startsWith(requestsHugePagesPrefix);
}

/** Whether an unprefixed name is known at all. */
export function isStandardName(name: string): boolean {
  return standardNames.has(name) || isQuotaHugePageName(name);
}

/** Whether a container may ask for it by an unprefixed name. */
export function isStandardContainerName(name: string): boolean {
  return containerNames.has(name) || isHugePageName(name);
}

/** Whether a quota may bound it by an unprefixed name. */
export function isStandardQuotaName(name: string): boolean {
  return quotaNames.has(name) || isQuotaHugePageName(name);
}

/** Whether Kubernetes itself defines it. */
export function isNativeName(name: string): boolean {
  return !name.includes('/') || name.includes(nativeNamespace);
}

/** Whether a vendor defines it, in a way that a quota can name too. */
export function isExtendedName(name: string): boolean {
  if (isNativeName(name) || name.startsWith(requestsPrefix)) return false;
  return qualifiedNameProblems(requestsPrefix + name).length === 0;
}

/** Whether it can be shared: requests below the limit make sense. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeName(name) && !isHugePageName(name);
}

/** Whether only whole numbers of it exist. */
export function isIntegerName(name: string): boolean {
  return integerNames.has(name) || isExtendedName(name);
}

/** What a whole pod can ask for beside its containers. */
export function isPodLevelName(name: string): boolean {
  return name === 'cpu' || name === 'memory' || isHugePageName(name);
}

/** Whether an amount is a whole and positive number of the pages that `name` tells the size of. */
export function isWholeHugePages(name: string, amount: Quantity): boolean {
  const size = hugePageSize(name);
  if (size === undefined || amount.value() <= 0n || size.sign <= 0) return false;
  return amount.value() % size.value() === 0n;
}

function hugePageSize(name: string): Quantity | undefined {
  try {
    return Quantity.parse(name.slice(hugePagesPrefix.length));
  } catch {
    return undefined;
  }
}
