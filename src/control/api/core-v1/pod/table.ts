import { parseTime } from '../../../machinery/time.js';
import type { ContainerStatus, Pod } from '../../gen/core-v1.js';
import type { TableLayout } from '../../kind-definition.js';
import { ageColumn, ageOf, ageOfMs, column, nameColumn, wideColumn } from '../table.js';
import { isSidecar } from './containers.js';

/** How `kubectl get pods` shows a pod. */
export const podTable: TableLayout<Pod> = {
  columns: [
    nameColumn,
    column('Ready', 'How many of the containers are ready.'),
    column('Status', 'What the pod does now.'),
    column('Restarts', 'How often containers were restarted, and how long ago the last time.'),
    ageColumn,
    wideColumn('IP', 'The address of the pod.'),
    wideColumn('Node', 'The node that runs the pod.'),
    wideColumn('Nominated Node', 'The node that is being cleared for the pod.'),
    wideColumn('Readiness Gates', 'How many of the conditions for readiness hold.'),
  ],
  cells: (pod, nowMs) => {
    const { reason, ready, restarts } = summaryOf(pod, nowMs);
    return [
      pod.metadata.name ?? '',
      ready,
      reason,
      restarts,
      ageOf(pod.metadata.creationTimestamp, nowMs),
      pod.status?.podIPs?.[0]?.ip || '<none>',
      pod.spec?.nodeName || '<none>',
      pod.status?.nominatedNodeName || '<none>',
      readinessGates(pod),
    ];
  },
  conditions: ({ status }) => {
    if (status?.phase === 'Succeeded') {
      const message = 'The pod has completed successfully.';
      return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message }];
    }
    if (status?.phase !== 'Failed') return [];
    return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];
  },
};

interface Progress {
  reason: string;
  ready: number;
  restarts: number;
  /** When a container that was restarted had last ended. */
  lastEnd: number | null;
}

function summaryOf(
  pod: Pod,
  nowMs: number,
): { readonly reason: string; readonly ready: string; readonly restarts: string } {
  const sidecars = new Set(
    pod.spec?.initContainers?.filter(isSidecar).map(({ name }) => name ?? ''),
  );
  const init = initProgress(pod, sidecars);
  const isStarted = !init.isRunning || hasCondition(pod, 'Initialized', 'True');
  const progress = isStarted ? runProgress(pod, init) : init;
  const total = (pod.spec?.containers?.length ?? 0) + sidecars.size;
  const { restarts, lastEnd } = progress;
  const since = restarts > 0 && lastEnd !== null ? ` (${ageOfMs(lastEnd, nowMs)} ago)` : '';
  return {
    reason: deletionReason(pod) ?? progress.reason,
    ready: `${progress.ready}/${total}`,
    restarts: `${restarts}${since}`,
  };
}

/** What shows while the pod has not come further. */
function firstReason({ status }: Pod): string {
  const isGated = status?.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  return isGated ? 'SchedulingGated' : status?.reason || (status?.phase ?? '');
}

interface InitProgress extends Progress {
  isRunning: boolean;
  /** The same counts for sidecars alone, which go on counting when initialisation is over. */
  readonly ofSidecars: { restarts: number; lastEnd: number | null };
}

function initProgress(pod: Pod, sidecars: ReadonlySet<string>): InitProgress {
  const progress: InitProgress = {
    reason: firstReason(pod),
    ready: 0,
    restarts: 0,
    lastEnd: null,
    isRunning: false,
    ofSidecars: { restarts: 0, lastEnd: null },
  };
  for (const [at, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    countRestarts(status, progress);
    const isOfSidecar = sidecars.has(status.name ?? '');
    if (isOfSidecar) countRestarts(status, progress.ofSidecars);
    if (status.state?.terminated && (status.state.terminated.exitCode ?? 0) === 0) continue;
    if (isOfSidecar && status.started) {
      if (status.ready) progress.ready += 1;
      continue;
    }
    progress.reason = initReason(status, at, pod.spec?.initContainers?.length ?? 0);
    progress.isRunning = true;
    break;
  }
  return progress;
}

function initReason({ state }: ContainerStatus, at: number, total: number): string {
  if (state?.terminated) return `Init:${endReason(state.terminated)}`;
  const waiting = state?.waiting?.reason;
  if (waiting && waiting !== 'PodInitializing') return `Init:${waiting}`;
  return `Init:${at}/${total}`;
}

function endReason(
  terminated: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>,
): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`;
}

/** The regular containers; what the first of them has to say stands, so they are looked at from the last. */
function runProgress(pod: Pod, init: InitProgress): Progress {
  const progress: Progress = { reason: init.reason, ready: init.ready, ...init.ofSidecars };
  let isAnyRunning = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(status, progress);
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) progress.reason = waiting.reason;
    else if (terminated) progress.reason = endReason(terminated);
    else if (status.ready && running) {
      isAnyRunning = true;
      progress.ready += 1;
    }
  }
  if (progress.reason === 'Completed' && isAnyRunning) {
    progress.reason = hasCondition(pod, 'Ready', 'True') ? 'Running' : 'NotReady';
  }
  return progress;
}

function countRestarts(
  status: ContainerStatus,
  counts: { restarts: number; lastEnd: number | null },
): void {
  counts.restarts += status.restartCount ?? 0;
  const finishedAt = status.lastState?.terminated?.finishedAt;
  const ms = finishedAt === undefined ? null : parseTime(finishedAt);
  if (ms !== null && (counts.lastEnd === null || ms > counts.lastEnd)) counts.lastEnd = ms;
}

function hasCondition({ status }: Pod, type: string, value: string): boolean {
  return (status?.conditions ?? []).some(
    (condition) => condition.type === type && condition.status === value,
  );
}

function deletionReason({ metadata, status }: Pod): string | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  if (status?.reason === 'NodeLost') return 'Unknown';
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  return isOver ? undefined : 'Terminating';
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const conditions = pod.status?.conditions ?? [];
  const held = gates.filter(
    ({ conditionType }) => conditions.find(({ type }) => type === conditionType)?.status === 'True',
  );
  return `${held.length}/${gates.length}`;
}
