import type { PodSpec, ResourceRequirements } from '../../gen/core-v1.js';
import { isHugePageName, isOvercommitAllowed, isPodLevelName } from '../resource-names.js';
import { aggregateAmounts } from './aggregate.js';
import { isSidecar } from './containers.js';

/** Requests that follow from limits, of containers and of the pod as a whole. */
export function setPodResourceDefaults(spec: PodSpec): void {
  for (const { resources } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    if (resources?.limits === undefined) continue;
    fillIn(resources, 'requests', { ...resources.limits, ...resources.requests });
  }
  const { resources } = spec;
  if (resources === undefined) return;
  if (hasAny(resources.limits) || hasAny(resources.requests)) setHugePageLimits(spec, resources);
  if (hasAny(resources.limits)) setRequests(spec, resources);
  else if (hasAny(resources.requests)) setLimits(spec, resources);
}

/** Sets a list that has all that was there before, and perhaps more; only then is it another. */
function fillIn(
  resources: ResourceRequirements,
  field: 'requests' | 'limits',
  list: Record<string, string>,
): void {
  const before = Object.keys(resources[field] ?? {}).length;
  if (resources[field] === undefined || before < Object.keys(list).length) resources[field] = list;
}

function hasAny(list: Readonly<Record<string, string>> | undefined): boolean {
  return Object.keys(list ?? {}).length > 0;
}

function setHugePageLimits(spec: PodSpec, resources: ResourceRequirements): void {
  for (const [name, sum] of aggregateAmounts(spec, 'limits')) {
    if (!isHugePageName(name) || resources.requests?.[name] !== undefined) continue;
    resources.limits ??= {};
    resources.limits[name] ??= sum.toString();
  }
}

/** Requests that the pod does not say are those of its containers, or else its own limits. */
function setRequests(spec: PodSpec, resources: ResourceRequirements): void {
  const requests = { ...resources.requests };
  for (const [name, sum] of aggregateAmounts(spec, 'requests')) {
    if (isPodLevelName(name) && isOvercommitAllowed(name)) requests[name] ??= sum.toString();
  }
  for (const [name, limit] of Object.entries(resources.limits ?? {})) {
    if (isPodLevelName(name)) requests[name] ??= limit;
  }
  if (hasAny(requests)) fillIn(resources, 'requests', requests);
}

/** Limits follow from those of the containers when each of them has one. */
function setLimits(spec: PodSpec, resources: ResourceRequirements): void {
  const running = [...(spec.containers ?? []), ...(spec.initContainers ?? []).filter(isSidecar)];
  const limits = { ...resources.limits };
  for (const [name, sum] of aggregateAmounts(spec, 'limits')) {
    if (!isPodLevelName(name) || !isOvercommitAllowed(name)) continue;
    const isLimited = running.every(({ resources: own }) => own?.limits?.[name] !== undefined);
    if (isLimited) limits[name] ??= sum.toString();
  }
  if (hasAny(limits)) fillIn(resources, 'limits', limits);
}
