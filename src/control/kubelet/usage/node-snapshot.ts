import type { Pod } from '../../api/gen/core-v1.js';
import type { KubeletView, NodeUsage } from '../kubelet-view.js';
import { labelsOf } from '../pods/runtime-labels.js';
import type { ContainerState, ContainerStats } from '../runtime/container-runtime.js';

/** What a node and its pods use at one time. */
export interface NodeSnapshot {
  readonly usage: NodeUsage;
  readonly pods: readonly PodSnapshot[];
}

/** A pod of a node with its running containers. */
export interface PodSnapshot {
  readonly pod: Pod;
  readonly containers: readonly ContainerSnapshot[];
}

/** A running container, and what it uses. */
export interface ContainerSnapshot {
  readonly name: string;
  readonly state: ContainerState;
  readonly stats: ContainerStats;
}

/** Asks the machine and the runtime what is used. Rejects with RuntimeError. Pods in which nothing runs are left out. */
export async function takeSnapshot(view: KubeletView): Promise<NodeSnapshot> {
  const { runtime } = view;
  const [usage, states, stats] = await Promise.all([
    view.nodeUsage(),
    runtime.listContainers(),
    runtime.containerStats(),
  ]);
  const statsById = new Map(stats.map((each) => [each.containerId, each]));
  const byUid = new Map<string, ContainerSnapshot[]>();
  for (const state of states) {
    const own = statsById.get(state.id);
    const labels = labelsOf(state.labels);
    if (own === undefined || labels === null || state.state !== 'running') continue;
    const list = byUid.get(labels.uid) ?? [];
    byUid.set(labels.uid, [...list, { name: state.name, state, stats: own }]);
  }
  const pods = view.pods().flatMap((pod) => {
    const containers = byUid.get(pod.metadata.uid ?? '');
    return containers === undefined ? [] : [{ pod, containers }];
  });
  return { usage, pods };
}

/** What the containers of a pod use together. */
export function sumOf(
  { containers }: PodSnapshot,
  amount: (stats: ContainerStats) => number,
): number {
  return containers.reduce((sum, { stats }) => sum + amount(stats), 0);
}
