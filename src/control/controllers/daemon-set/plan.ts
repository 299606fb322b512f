import { isPodAvailable, isPodReady } from '../../api/core-v1/pod/pod-state.js';
import type { DaemonSet } from '../../api/gen/apps-v1.js';
import type { Node, Pod } from '../../api/gen/core-v1.js';
import { hashLabel, type NodeVerdict, nodeJudge } from './daemon-pod.js';
import { byAssignmentAndAge, type DaemonState, podsByNode } from './daemon-state.js';
import { boundsOf, planUpdate } from './plan-update.js';

/** A pod of a node that has ended, and goes so that another can be made. */
export interface EndedPod {
  readonly pod: Pod;
  readonly node: string;
}

/** What is to be done. */
export interface DaemonPlan {
  /** Names of nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Those of `remove` that have ended. */
  readonly ended: readonly EndedPod[];
  /** When to look again at pods that have failed and stay for a while; null: there are none. */
  readonly retryInMs: number | null;
}

/** How long a pod that has failed on a node stays yet: on nodes where they fail again and again, longer each time. */
export type FailurePause = (node: string) => number;

/** The next step of a DaemonSet: pods for nodes that lack one, none where none should be; when all is in place, a step of an update. */
export function planDaemonSet(state: DaemonState, pauseMs: FailurePause): DaemonPlan {
  const { set, nodes, pods } = state;
  const byNode = podsByNode(pods);
  const judge = nodeJudge(set);
  const steps = nodes.map((node) =>
    nodeStep(
      state,
      { name: nameOf(node), ...judge(node) },
      byNode.get(nameOf(node)) ?? [],
      pauseMs,
    ),
  );
  const pauses = steps.flatMap(({ retryInMs }) => (retryInMs === null ? [] : [retryInMs]));
  const plan: DaemonPlan = {
    create: steps.flatMap(({ create }) => create),
    remove: [...steps.flatMap(({ remove }) => remove), ...podsOfNoNode(nodes, pods, byNode)],
    ended: steps.flatMap(({ ended }) => ended),
    retryInMs: pauses.length === 0 ? null : Math.min(...pauses),
  };
  const isInPlace = plan.create.length + plan.remove.length === 0;
  const isRolling = (set.spec?.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
  return isInPlace && isRolling ? { ...plan, ...planUpdate(state, byNode) } : plan;
}

function nameOf({ metadata }: Node): string {
  return metadata.name ?? '';
}

/** Pods that wait for nodes that are gone: they are never bound, so nobody else deletes them. */
function podsOfNoNode(
  nodes: readonly Node[],
  pods: readonly Pod[],
  byNode: ReadonlyMap<string, readonly Pod[]>,
): readonly Pod[] {
  const names = new Set(nodes.map(nameOf));
  const lost = new Set([...byNode].flatMap(([node, there]) => (names.has(node) ? [] : there)));
  return pods.filter((pod) => lost.has(pod) && (pod.spec?.nodeName ?? '') === '' && !isGoing(pod));
}

function isGoing({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function nodeStep(
  state: DaemonState,
  { name, shouldRun, mayStay }: NodeVerdict & { readonly name: string },
  pods: readonly Pod[],
  pauseMs: FailurePause,
): DaemonPlan {
  const nothing: DaemonPlan = { create: [], remove: [], ended: [], retryInMs: null };
  const { set } = state;
  if (shouldRun && pods.length === 0) return { ...nothing, create: [name] };
  if (!mayStay) return { ...nothing, remove: pods.filter((pod) => !isGoing(pod)) };
  const present = pods.filter((pod) => !isGoing(pod));
  const failed = present.filter(({ status }) => status?.phase === 'Failed');
  const pause = failed.length === 0 ? 0 : pauseMs(name);
  const succeeded = present.filter(({ status }) => status?.phase === 'Succeeded');
  const ended = [...(pause > 0 ? [] : failed), ...succeeded];
  const running = present
    .filter((pod) => !failed.includes(pod) && !succeeded.includes(pod))
    .sort(byAssignmentAndAge);
  const hasSurge = boundsOf(set, 1).surge > 0;
  const isMissing = hasSurge && shouldRun && running.length === 0 && failed.length === 0;
  return {
    create: isMissing ? [name] : [],
    remove: [...ended, ...(hasSurge ? surplusWithSurge(state, running) : running.slice(1))],
    ended: ended.map((pod) => ({ pod, node: name })),
    retryInMs: pause > 0 ? pause : null,
  };
}

/** Of each template the oldest stays; of these two the old one goes once it is of no use, or the new one is available. */
function surplusWithSurge(
  { set, hash, nowMs }: DaemonState,
  running: readonly Pod[],
): readonly Pod[] {
  const isNew = ({ metadata }: Pod) => metadata.labels?.[hashLabel] === hash;
  const newest = running.find(isNew);
  const former = running.find((pod) => !isNew(pod));
  const surplus = running.filter((pod) => pod !== newest && pod !== former);
  if (newest === undefined || former === undefined) return surplus;
  const isReplaced = !isPodReady(former) || isPodAvailable(newest, minReadySeconds(set), nowMs);
  return isReplaced ? [...surplus, former] : surplus;
}

function minReadySeconds({ spec }: DaemonSet): number {
  return spec?.minReadySeconds ?? 0;
}
