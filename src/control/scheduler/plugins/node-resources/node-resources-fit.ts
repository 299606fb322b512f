import type { Node, Pod } from '../../../api/gen/core-v1.js';
import { amountsOf } from '../../framework/amounts.js';
import type { ClusterEvent } from '../../framework/cluster-event.js';
import type { NodeInfo, PodInfo, ResourceAmounts } from '../../framework/node-info.js';
import type { Plugin, PluginStatus } from '../../framework/plugin.js';
import { podRequestsOf } from '../../framework/pod-requests.js';
import { type FitArgs, fitArgs } from './fit-args.js';
import { fitScorer } from './fit-score.js';
import { ShortageStatuses } from './shortage-statuses.js';

/** Nodes must have what a pod asks for, and are compared by how full they are. */
export function nodeResourcesFit(args: unknown): Plugin {
  const parsed = fitArgs(args);
  const statuses = new ShortageStatuses();
  const scoreOf = fitScorer(parsed.scoringStrategy);
  const fits = (pod: PodInfo, node: Node) => fitsEmptyNode(pod.requests, node, parsed);
  return {
    name: 'NodeResourcesFit',
    filterLocality: 'demand',
    scoreLocality: 'demand',
    eventsToRegister: () => [
      { resource: 'AssignedPod', actions: ['delete'] },
      { resource: 'AssignedPod', actions: ['update-pod-scale-down'], hint: givesBack },
      {
        resource: 'UnscheduledPod',
        actions: ['update-pod-scale-down'],
        hint: (pod, { after }) => (after?.metadata.uid === pod.uid ? 'queue' : 'skip'),
      },
      {
        resource: 'Node',
        actions: ['add', 'update-node-allocatable'],
        hint: (pod, { before, after }) => {
          if (after === null || !fits(pod, after as Node)) return 'skip';
          return before === null || hasMore(pod, before as Node, after as Node) ? 'queue' : 'skip';
        },
      },
    ],
    filter: (_, pod, node) => shortage(pod, node, parsed, statuses),
    score: (_, pod, node) => scoreOf(pod, node),
  };
}

function shortage(
  pod: PodInfo,
  node: NodeInfo,
  args: FitArgs,
  statuses: ShortageStatuses,
): PluginStatus | null {
  const { requests } = pod;
  const { allocatable, requested } = node;
  let lacking = 0;
  let isTooSmall = false;
  if (node.pods.length + 1 > allocatable.pods) lacking |= statuses.pods;
  const cpu = requests.milliCpu;
  if (cpu > 0 && cpu > allocatable.milliCpu - requested.milliCpu) {
    lacking |= statuses.cpu;
    isTooSmall ||= cpu > allocatable.milliCpu;
  }
  const memory = requests.memoryBytes;
  if (memory > 0 && memory > allocatable.memoryBytes - requested.memoryBytes) {
    lacking |= statuses.memory;
    isTooSmall ||= memory > allocatable.memoryBytes;
  }
  const storage = requests.ephemeralStorageBytes;
  if (
    storage > 0 &&
    storage > allocatable.ephemeralStorageBytes - requested.ephemeralStorageBytes
  ) {
    lacking |= statuses.ephemeralStorage;
    isTooSmall ||= storage > allocatable.ephemeralStorageBytes;
  }
  let scalars: string[] | null = null;
  if (requests.scalars !== null) {
    for (const [name, amount] of requests.scalars) {
      if (amount === 0 || isIgnored(name, args)) continue;
      const capacity = allocatable.scalars?.get(name) ?? 0;
      if (amount <= capacity - (requested.scalars?.get(name) ?? 0)) continue;
      scalars ??= [];
      scalars.push(name);
      isTooSmall ||= amount > capacity;
    }
  }
  if (lacking === 0 && scalars === null) return null;
  return statuses.of(lacking, scalars, isTooSmall);
}

/** Only extended resources can be ignored: those of a domain that is not Kubernetes' own. */
function isIgnored(name: string, { ignoredResources, ignoredResourceGroups }: FitArgs): boolean {
  if (ignoredResources.size + ignoredResourceGroups.size === 0 || !isExtended(name)) return false;
  return ignoredResources.has(name) || ignoredResourceGroups.has(name.slice(0, name.indexOf('/')));
}

function isExtended(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');
}

/** Whether the node could take the pod if it had no others. */
function fitsEmptyNode(
  requests: Readonly<ResourceAmounts>,
  { status }: Node,
  args: FitArgs,
): boolean {
  const allocatable = amountsOf(status?.allocatable ?? {});
  if (allocatable.pods < 1 || requests.milliCpu > allocatable.milliCpu) return false;
  if (requests.memoryBytes > allocatable.memoryBytes) return false;
  if (requests.ephemeralStorageBytes > allocatable.ephemeralStorageBytes) return false;
  for (const [name, amount] of requests.scalars ?? []) {
    if (isIgnored(name, args)) continue;
    if (amount > (allocatable.scalars?.get(name) ?? 0)) return false;
  }
  return true;
}

/** Whether the node has got more of something that the pod asks for, or takes more pods. */
function hasMore({ requests }: PodInfo, before: Node, after: Node): boolean {
  const had = amountsOf(before.status?.allocatable ?? {});
  const has = amountsOf(after.status?.allocatable ?? {});
  return has.pods > had.pods || isMore(requests, had, has);
}

function isMore(
  requests: Readonly<ResourceAmounts>,
  had: ResourceAmounts,
  has: ResourceAmounts,
): boolean {
  if (requests.milliCpu > 0 && has.milliCpu > had.milliCpu) return true;
  if (requests.memoryBytes > 0 && has.memoryBytes > had.memoryBytes) return true;
  if (requests.ephemeralStorageBytes > 0 && has.ephemeralStorageBytes > had.ephemeralStorageBytes)
    return true;
  for (const name of requests.scalars?.keys() ?? [])
    if ((has.scalars?.get(name) ?? 0) > (had.scalars?.get(name) ?? 0)) return true;
  return false;
}

/** Whether a pod that runs asks for less than before of what the waiting one needs. */
function givesBack({ requests }: PodInfo, { before, after }: ClusterEvent): 'queue' | 'skip' {
  if (before === null || after === null) return 'queue';
  const had = podRequestsOf(before as Pod).requests;
  const has = podRequestsOf(after as Pod).requests;
  return isMore(requests, has, had) ? 'queue' : 'skip';
}
