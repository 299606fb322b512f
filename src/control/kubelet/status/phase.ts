import type { ContainerStatus, Pod } from '../../api/gen/core-v1.js';

/** The phases that a kubelet gives. */
export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** The phase of a pod, from the statuses of its containers. `isOver`: nothing of it will run again. Pure. */
export function phaseOf(
  { spec }: Pod,
  inits: readonly ContainerStatus[],
  mains: readonly ContainerStatus[],
  isOver: boolean,
): PodPhase {
  const policy = spec?.restartPolicy ?? 'Always';
  const sidecars = new Set(
    spec?.initContainers?.filter((each) => each.restartPolicy === 'Always').map(({ name }) => name),
  );
  const counts = countOf(mains);
  if (!isOver && counts.running + counts.stopped === 0) {
    const init = initPhase(inits, sidecars, policy);
    if (init !== null) return init;
  }
  if (isOver) return overPhase(inits, sidecars, mains, counts);
  if (counts.waiting > 0) return 'Pending';
  if (counts.running > 0) return 'Running';
  if (counts.stopped === 0) return 'Pending';
  if (policy === 'Always') return 'Running';
  if (counts.succeeded === counts.stopped) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function overPhase(
  inits: readonly ContainerStatus[],
  sidecars: ReadonlySet<string | undefined>,
  mains: readonly ContainerStatus[],
  { succeeded }: Counts,
): PodPhase {
  const areInitsWell = inits.every(
    (each) => sidecars.has(each.name) || each.state?.terminated?.exitCode === 0,
  );
  return areInitsWell && succeeded === mains.length ? 'Succeeded' : 'Failed';
}

/** Null: initialization is over. */
function initPhase(
  inits: readonly ContainerStatus[],
  sidecars: ReadonlySet<string | undefined>,
  policy: string,
): PodPhase | null {
  for (const { name, state, lastState, started } of inits) {
    if (sidecars.has(name)) {
      if (started !== true) return 'Pending';
      continue;
    }
    const end =
      state?.terminated ?? (state?.waiting === undefined ? undefined : lastState?.terminated);
    if (state?.terminated?.exitCode === 0) continue;
    const hasFailed = end !== undefined && end.exitCode !== 0;
    return hasFailed && policy === 'Never' ? 'Failed' : 'Pending';
  }
  return null;
}

interface Counts {
  waiting: number;
  running: number;
  stopped: number;
  succeeded: number;
}

function countOf(statuses: readonly ContainerStatus[]): Counts {
  const counts = { waiting: 0, running: 0, stopped: 0, succeeded: 0 };
  for (const { state, lastState } of statuses) {
    if (state?.running !== undefined) counts.running++;
    else if (state?.terminated !== undefined) {
      counts.stopped++;
      if (state.terminated.exitCode === 0) counts.succeeded++;
    } else if (lastState?.terminated !== undefined) counts.stopped++;
    else counts.waiting++;
  }
  return counts;
}
