import type { Container, Pod, ResourceRequirements } from '../../api/gen/core-v1.js';
import { Quantity } from '../../machinery/quantity.js';

/** What the node has given to the containers of a pod, by their names. */
export type Allocation = Readonly<Record<string, ResourceRequirements>>;

/** What a pod asks for. Pure. */
export function wantedAllocation({ spec = {} }: Pod): Allocation {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  return Object.fromEntries(containers.map(({ name = '', resources = {} }) => [name, resources]));
}

/** The pod with what it was given in place of what it asks for. Pure. */
export function withAllocation(pod: Pod, allocation: Allocation): Pod {
  if (isSame(wantedAllocation(pod), allocation)) return pod;
  const given = (container: Container): Container => {
    const resources = allocation[container.name ?? ''];
    return resources === undefined ? container : { ...container, resources };
  };
  const { initContainers, containers } = pod.spec ?? {};
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(given) }),
      ...(containers === undefined ? {} : { containers: containers.map(given) }),
    },
  };
}

/** Amounts may be written differently. Pure. */
export function isSame(a: Allocation, b: Allocation): boolean {
  return sameKeys(a, b, (name) => hasSameResources(a[name] ?? {}, b[name] ?? {}));
}

/** The same of two containers. Pure. */
export function hasSameResources(a: ResourceRequirements, b: ResourceRequirements): boolean {
  const { limits = {}, requests = {} } = a;
  const { limits: otherLimits = {}, requests: otherRequests = {} } = b;
  return (
    sameKeys(limits, otherLimits, (name) => sameAmount(limits[name], otherLimits[name])) &&
    sameKeys(requests, otherRequests, (name) => sameAmount(requests[name], otherRequests[name]))
  );
}

/** Null: not the text of an allocation. */
export function parseAllocation(text: string): Allocation | null {
  try {
    const value: unknown = JSON.parse(text);
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMap ? (value as Allocation) : null;
  } catch {
    return null;
  }
}

/** A container has to start anew to get what it is given, since its `resizePolicy` says so of what changes. Pure. */
export function needsRestart(
  { resources = {}, resizePolicy = [] }: Container,
  actual: ResourceRequirements,
): boolean {
  return resizePolicy.some(({ resourceName: name = '', restartPolicy }) => {
    if (restartPolicy !== 'RestartContainer') return false;
    const isKept =
      sameAmount(resources.limits?.[name], actual.limits?.[name]) &&
      sameAmount(resources.requests?.[name], actual.requests?.[name]);
    return !isKept;
  });
}

type Amount = string | number | undefined;

function sameAmount(a: Amount, b: Amount): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || Quantity.parse(String(a)).compare(Quantity.parse(String(b))) === 0;
}

function sameKeys(a: object, b: object, isSameAt: (key: string) => boolean): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && isSameAt(key));
}
