import type {
  ContainerState as ApiState,
  Container,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
  ResourceRequirements,
} from '../../api/gen/core-v1.js';
import { formatTime } from '../../machinery/time.js';
import { containersOf, type PodContainer } from '../pods/container-list.js';
import type { ObservedPod } from '../pods/observed-pod.js';
import type { ContainerState } from '../runtime/container-runtime.js';

/** Why a container does not run, as long as it does not: `CrashLoopBackOff`, `ErrImagePull`. */
export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

/** What statuses of containers are made of. */
export interface ContainerFacts {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  /** By container name. */
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  /** By container id: what containers left behind as they ended. */
  readonly messages: ReadonlyMap<string, string>;
  /** As `containerd`: containers' ids are shown with it. */
  readonly runtimeName: string;
  /** What a container runs with, where that is known; without: what the pod says. */
  readonly actual?: (state: ContainerState) => ResourceRequirements | null;
  readonly isStarted: (containerId: string) => boolean;
  readonly isReady: (containerId: string) => boolean;
  /** Nothing of the pod runs or will run again. */
  readonly isOver: boolean;
}

/** The statuses of a pod's containers by role. Pure. */
export function containerStatuses(facts: ContainerFacts): {
  readonly inits: readonly ContainerStatus[];
  readonly mains: readonly ContainerStatus[];
  readonly ephemerals: readonly ContainerStatus[];
} {
  const all = containersOf(facts.pod).map((container) => ({
    role: container.role,
    status: statusOf(facts, container),
  }));
  const of = (...roles: readonly string[]) =>
    all.filter(({ role }) => roles.includes(role)).map(({ status }) => status);
  return { inits: of('init', 'sidecar'), mains: of('main'), ephemerals: of('ephemeral') };
}

function statusOf(facts: ContainerFacts, container: PodContainer): ContainerStatus {
  const { name, spec } = container;
  const [newest, before] = facts.observed.containers.filter((each) => each.name === name);
  if (newest === undefined) return unseenStatus(facts, container);
  const { state, lastState } = statesOf(facts, container, newest, before);
  const isRunning = newest.state === 'running';
  const isStarted = isRunning && facts.isStarted(newest.id);
  return {
    name,
    state,
    lastState,
    ready: isReadyOf(facts, container, newest),
    restartCount: newest.attempt,
    image: newest.image === '' ? (spec.image ?? '') : newest.image,
    imageID: newest.imageRef,
    containerID: `${facts.runtimeName}://${newest.id}`,
    started: isStarted,
    ...(isRunning ? resourcesOf(spec, facts.actual?.(newest) ?? spec.resources) : {}),
    ...mountsOf(spec),
  };
}

function isReadyOf(
  { isReady, isStarted }: ContainerFacts,
  { role }: PodContainer,
  { id, state, exitCode }: ContainerState,
): boolean {
  if (role === 'init') return state === 'exited' && exitCode === 0;
  if (role === 'ephemeral') return false;
  return state === 'running' && isStarted(id) && isReady(id);
}

function statesOf(
  facts: ContainerFacts,
  { name }: PodContainer,
  newest: ContainerState,
  before: ContainerState | undefined,
): { readonly state: ApiState; readonly lastState: ApiState } {
  const lastState: ApiState =
    before === undefined ? keptLastState(facts, name) : { terminated: terminated(facts, before) };
  if (newest.state === 'running') {
    return { state: { running: { startedAt: formatTime(newest.startedAtMs) } }, lastState };
  }
  const reason = facts.isOver ? undefined : facts.waiting.get(name);
  if (newest.state === 'exited') {
    const ended: ApiState = { terminated: terminated(facts, newest) };
    if (reason === undefined) return { state: ended, lastState };
    return { state: { waiting: { ...reason } }, lastState: ended };
  }
  return { state: { waiting: { ...(reason ?? { reason: 'ContainerCreating' }) } }, lastState };
}

/** The container before it may have been removed: what was said of it stays. */
function keptLastState({ pod }: ContainerFacts, name: string): ApiState {
  return oldStatus(pod, name)?.lastState ?? {};
}

function terminated(
  { runtimeName, messages }: ContainerFacts,
  ended: ContainerState,
): ContainerStateTerminated {
  const { exitCode, reason, startedAtMs, finishedAtMs, createdAtMs, id } = ended;
  const message = messages.get(id) ?? ended.message;
  return {
    exitCode,
    reason: reason === '' ? (exitCode === 0 ? 'Completed' : 'Error') : reason,
    ...(message === '' ? {} : { message }),
    startedAt: formatTime(startedAtMs === 0 ? createdAtMs : startedAtMs),
    finishedAt: formatTime(finishedAtMs === 0 ? createdAtMs : finishedAtMs),
    containerID: `${runtimeName}://${id}`,
  };
}

const lostText =
  'The container could not be located when the pod was deleted.  The container used to be Running';

/** Of a container that the runtime does not know, or not any more. */
function unseenStatus(facts: ContainerFacts, container: PodContainer): ContainerStatus {
  const { name, spec } = container;
  const old = oldStatus(facts.pod, name);
  const hasInits = (facts.pod.spec?.initContainers ?? []).length > 0;
  const first = {
    reason: hasInits && container.role !== 'ephemeral' ? 'PodInitializing' : 'ContainerCreating',
  };
  const waiting: ApiState = { waiting: { ...(facts.waiting.get(name) ?? first) } };
  const base = {
    name,
    ready: false,
    restartCount: old?.restartCount ?? 0,
    image: spec.image ?? '',
    imageID: old?.imageID ?? '',
    started: false,
    ...mountsOf(spec),
    ...(old?.containerID === undefined ? {} : { containerID: old.containerID }),
  };
  const lost: ApiState = {
    terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message: lostText },
  };
  const ended = old?.state?.terminated;
  if (facts.isOver && old !== undefined) {
    const isReady = container.role === 'init' && ended?.exitCode === 0;
    const state: ApiState =
      ended !== undefined ? { terminated: ended } : hasRun(old) ? lost : waiting;
    return { ...base, ready: isReady, state, lastState: old.lastState ?? {} };
  }
  if (ended !== undefined) {
    if (container.role === 'init' && ended.exitCode === 0) {
      return { ...base, ready: true, state: { terminated: ended }, lastState: {} };
    }
    return { ...base, state: waiting, lastState: { terminated: ended } };
  }
  if (old?.state?.running !== undefined) {
    return { ...base, restartCount: base.restartCount + 1, state: waiting, lastState: lost };
  }
  return { ...base, state: waiting, lastState: old?.lastState ?? {} };
}

function hasRun({ state, lastState }: ContainerStatus): boolean {
  return state?.running !== undefined || lastState?.terminated !== undefined;
}

/** What the API has of a container. */
export function oldStatus({ status }: Pod, name: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses: mains = [] } = status ?? {};
  const { ephemeralContainerStatuses = [] } = status ?? {};
  return [...initContainerStatuses, ...mains, ...ephemeralContainerStatuses].find(
    (each) => each.name === name,
  );
}

function resourcesOf(
  { resources: { requests: given } = {} }: Container,
  { limits, requests }: ResourceRequirements = {},
): Partial<ContainerStatus> {
  return {
    ...(given === undefined ? {} : { allocatedResources: given }),
    resources: {
      ...(limits === undefined ? {} : { limits }),
      ...(requests === undefined ? {} : { requests }),
    },
  };
}

function mountsOf({ volumeMounts = [] }: Container): Partial<ContainerStatus> {
  if (volumeMounts.length === 0) return {};
  return {
    volumeMounts: volumeMounts.map(({ name = '', mountPath = '', readOnly = false }) => ({
      ...{ name, mountPath },
      ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
    })),
  };
}
