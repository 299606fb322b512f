import { stabilityOf } from './version-order.js';

/**
 * Where each group stands in discovery: higher comes first (the `groupPriorityMinimum` of its APIService). kubectl takes the first
 * group that has a resource when only its name is given.
 */
const priorities: Readonly<Record<string, number>> = {
  'apiregistration.k8s.io': 20000,
  '': 18000,
  apps: 17800,
  'events.k8s.io': 17750,
  'authentication.k8s.io': 17700,
  'authorization.k8s.io': 17600,
  autoscaling: 17500,
  batch: 17400,
  'certificates.k8s.io': 17300,
  'networking.k8s.io': 17200,
  policy: 17100,
  'rbac.authorization.k8s.io': 17000,
  'storage.k8s.io': 16800,
  'apiextensions.k8s.io': 16700,
  'admissionregistration.k8s.io': 16700,
  'scheduling.k8s.io': 16600,
  'coordination.k8s.io': 16500,
  'node.k8s.io': 16300,
  'discovery.k8s.io': 16200,
  'flowcontrol.apiserver.k8s.io': 16100,
  'internal.apiserver.k8s.io': 16000,
  'resource.k8s.io': 15900,
  'storagemigration.k8s.io': 15800,
};

/** Groups of custom resources stand behind all that are built in. */
export const customGroupPriority = 1000;

/** The priority of a group. */
export function groupPriority(group: string): number {
  return isBuiltInGroup(group) ? (priorities[group] ?? customGroupPriority) : customGroupPriority;
}

/** Sorts groups for discovery: by priority, then by name. */
export function compareGroups(a: string, b: string): number {
  return groupPriority(b) - groupPriority(a) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Whether the group comes with the server. */
export function isBuiltInGroup(group: string): boolean {
  return Object.hasOwn(priorities, group);
}

/** A version's place in its group, as its APIService has it (`versionPriority`). Where two are equal, their names decide. */
export function versionPriority(group: string, version: string): number {
  if (group === '') return 1;
  if (!isBuiltInGroup(group)) return 100;
  const stability = stabilityOf(version);
  if (stability === 'ga') return 15 * Number(version.slice(1));
  return stability === 'beta' ? 9 : 1;
}
