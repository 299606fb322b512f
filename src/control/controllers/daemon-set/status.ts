import { isPodAvailable, isPodReady } from '../../api/core-v1/pod/pod-state.js';
import type { DaemonSetStatus } from '../../api/gen/apps-v1.js';
import type { Node } from '../../api/gen/core-v1.js';
import { isUpdated, nodeJudge } from './daemon-pod.js';
import { byAssignmentAndAge, type DaemonState, podsByNode } from './daemon-state.js';

/** The status of a set. Of a node with several pods the oldest counts. */
export function daemonSetStatus(
  state: DaemonState,
  { observedGeneration, collisionCount }: { observedGeneration: number; collisionCount: number },
): DaemonSetStatus {
  const { set, nodes, pods, hash, nowMs } = state;
  const byNode = podsByNode(pods);
  const judge = nodeJudge(set);
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const [pod] = [...(byNode.get(nameOf(node)) ?? [])].sort(byAssignmentAndAge);
    if (!judge(node).shouldRun) {
      if (pod !== undefined) counts.misscheduled++;
      continue;
    }
    counts.desired++;
    if (pod === undefined) continue;
    counts.current++;
    if (isPodReady(pod)) counts.ready++;
    if (isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)) counts.available++;
    if (isUpdated(set, pod, hash)) counts.updated++;
  }
  const { conditions } = set.status ?? {};
  return {
    observedGeneration,
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misscheduled,
    desiredNumberScheduled: counts.desired,
    numberReady: counts.ready,
    updatedNumberScheduled: counts.updated,
    numberAvailable: counts.available,
    numberUnavailable: counts.desired - counts.available,
    ...(collisionCount === 0 ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

function nameOf({ metadata }: Node): string {
  return metadata.name ?? '';
}
