import { formatGoDuration } from '../../../../base/go-duration.js';
import type {
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from '../../../api/gen/core-v1.js';
import type { JsonObject } from '../../../machinery/json.js';
import { formatTime } from '../../../machinery/time.js';
import type { ContainerEnd, ContainerRun } from './container-run.js';
import type { PodRun } from './pod-run.js';

/** What a status needs beside the run. */
export interface PodPlacement {
  readonly hostIp: string;
  /** '' as long as it has none. */
  readonly podIp: string;
}

/** What a status is made of. */
export interface PodStatusParts {
  /** Its metadata, and the conditions that it has. */
  readonly pod: Pod;
  readonly run: PodRun;
  readonly placement: PodPlacement;
  readonly nowMs: number;
}

/** A pod's phase as a kubelet computes it from the containers. */
export function phaseOf(run: PodRun): 'Pending' | 'Running' | 'Succeeded' | 'Failed' {
  if (run.failure !== null) return 'Failed';
  for (const container of run.inits) {
    if (!container.plan.isInit) continue;
    if (container.isOver && !container.hasSucceeded) return 'Failed';
    if (!container.isOver) return run.isStopped ? 'Failed' : 'Pending';
  }
  if (run.mains.every((each) => each.isOver)) {
    return run.mains.every((each) => each.hasSucceeded) ? 'Succeeded' : 'Failed';
  }
  const hasBegun = run.mains.every((each) => each.state !== 'waiting' || each.previousEnd !== null);
  if (run.isStopped) return 'Failed';
  return hasBegun ? 'Running' : 'Pending';
}

/** The status as a kubelet writes it: the whole of what is the node's to say. Pure. */
export function podStatusOf(parts: PodStatusParts): PodStatus {
  const { pod, run, placement } = parts;
  const phase = phaseOf(run);
  const { generation } = pod.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const hasStarted = run.failure === null || run.hasSandbox;
  return {
    ...observed,
    phase,
    ...(run.failure ?? {}),
    conditions: conditionsOf(parts, phase).map((each) => ({ ...each, ...observed })),
    startTime: formatTime(run.startedAtMs),
    hostIP: placement.hostIp,
    hostIPs: [{ ip: placement.hostIp }],
    ...(placement.podIp === ''
      ? {}
      : { podIP: placement.podIp, podIPs: [{ ip: placement.podIp }] }),
    ...(hasStarted ? containerStatuses(pod, run) : {}),
  };
}

/**
 * The strategic merge patch that makes a pod's status this one: what the conditions of before say and those of now do not is taken away.
 */
export function podStatusPatch(pod: Pod, status: PodStatus): JsonObject {
  const before = pod.status?.conditions ?? [];
  const conditions = (status.conditions ?? []).map((condition) => {
    const known = before.find(({ type }) => type === condition.type);
    return {
      ...(known?.reason === undefined ? {} : { reason: null }),
      ...(known?.message === undefined ? {} : { message: null }),
      ...(condition as JsonObject),
    };
  });
  // Of this pod alone, not of a later one of its name.
  const { uid = '' } = pod.metadata;
  return { metadata: { uid }, status: { ...(status as JsonObject), conditions } };
}

function containerStatuses(
  pod: Pod,
  run: PodRun,
): Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses'> {
  const statusOf = (each: ContainerRun) => containerStatus(pod, each, run.inits.length > 0);
  return {
    ...(run.inits.length === 0 ? {} : { initContainerStatuses: run.inits.map(statusOf) }),
    containerStatuses: run.mains.map(statusOf),
  };
}

function containerStatus(pod: Pod, container: ContainerRun, hasInits: boolean): ContainerStatus {
  const { plan, state, previousEnd, restartCount } = container;
  const isRunning = state === 'running';
  const hasRun = state !== 'waiting' || previousEnd !== null;
  const lastCount = state === 'waiting' ? restartCount : restartCount - 1;
  const isFinishedInit = plan.isInit && container.hasSucceeded;
  return {
    name: plan.name,
    state: containerState(pod, container, hasInits),
    lastState:
      previousEnd === null || (state === 'ended' && container.end === previousEnd)
        ? {}
        : { terminated: terminatedState(pod, container, previousEnd, lastCount) },
    ready: container.isReady || isFinishedInit,
    restartCount,
    image: plan.image,
    imageID: hasRun ? plan.image : '',
    ...(hasRun ? { containerID: containerId(pod, plan.name, restartCount) } : {}),
    started: isRunning,
  };
}

function containerState(pod: Pod, container: ContainerRun, hasInits: boolean): ContainerState {
  if (container.state === 'running') {
    return { running: { startedAt: formatTime(container.startedAtMs) } };
  }
  if (container.end !== null) {
    return { terminated: terminatedState(pod, container, container.end, container.restartCount) };
  }
  if (container.previousEnd === null) {
    return { waiting: { reason: hasInits ? 'PodInitializing' : 'ContainerCreating' } };
  }
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const message =
    `back-off ${formatGoDuration(container.backoffMs)} restarting failed ` +
    `container=${container.plan.name} pod=${name}_${namespace}(${uid})`;
  return { waiting: { reason: 'CrashLoopBackOff', message } };
}

function terminatedState(
  pod: Pod,
  { plan }: ContainerRun,
  end: ContainerEnd,
  count: number,
): ContainerStateTerminated {
  return {
    exitCode: end.exitCode,
    reason: end.exitCode === 0 ? 'Completed' : 'Error',
    startedAt: formatTime(end.startedAtMs),
    finishedAt: formatTime(end.endedAtMs),
    containerID: containerId(pod, plan.name, Math.max(0, count)),
  };
}

function containerId({ metadata }: Pod, container: string, count: number): string {
  return `simulated://${metadata.uid}-${container}-${count}`;
}

interface ConditionState {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

function conditionsOf(parts: PodStatusParts, phase: string): PodCondition[] {
  const { pod, run, nowMs } = parts;
  const before = pod.status?.conditions ?? [];
  const containers = readiness(run, phase);
  const states: ConditionState[] = [
    {
      type: 'PodReadyToStartContainers',
      status: run.hasSandbox && !run.isOver && !run.isStopped ? 'True' : 'False',
    },
    initialized(run, phase),
    { type: 'Ready', ...withGates(pod, containers) },
    { type: 'ContainersReady', ...containers },
    { type: 'PodScheduled', status: 'True' },
  ];
  return states.map(({ type, ...state }) => {
    const known = before.find((each) => each.type === type);
    const since = known?.status === state.status ? known.lastTransitionTime : undefined;
    return {
      type,
      lastTransitionTime: since ?? formatTime(nowMs),
      ...state,
    };
  });
}

function initialized(run: PodRun, phase: string): ConditionState {
  const type = 'Initialized';
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  const waiting = run.inits.filter((each) =>
    each.plan.isInit ? !each.hasSucceeded : each.startedAtMs === 0,
  );
  if (waiting.length === 0) return { type, status: 'True' };
  return {
    type,
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${namesOf(waiting)}]`,
  };
}

type Readiness = Omit<ConditionState, 'type'>;

function readiness(run: PodRun, phase: string): Readiness {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const sidecars = run.inits.filter(({ plan }) => !plan.isInit);
  const unready = [...sidecars, ...run.mains].filter(({ isReady }) => !isReady);
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${namesOf(unready)}]`,
  };
}

/** The pod is ready when its containers are and every readiness gate is open. */
function withGates(pod: Pod, containers: Readiness): Readiness {
  if (containers.status === 'False') return containers;
  const messages: string[] = [];
  for (const { conditionType = '' } of pod.spec?.readinessGates ?? []) {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType);
    const quoted = JSON.stringify(conditionType);
    if (gate === undefined) {
      messages.push(`corresponding condition of pod readiness gate ${quoted} does not exist.`);
    } else if (gate.status !== 'True') {
      const text = `the status of pod readiness gate ${quoted} is not "True", but ${gate.status}`;
      messages.push(text);
    }
  }
  if (messages.length === 0) return containers;
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

function namesOf(containers: readonly ContainerRun[]): string {
  return containers.map(({ plan }) => plan.name).join(' ');
}
