import type { ContainerStatus, Pod, PodCondition } from '../../api/gen/core-v1.js';
import { formatTime } from '../../machinery/time.js';
import type { PodPhase } from './phase.js';

/** What the conditions of a pod are made of. */
export interface ConditionFacts {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly inits: readonly ContainerStatus[];
  readonly mains: readonly ContainerStatus[];
  /** Its sandbox is up, with its network. */
  readonly hasSandbox: boolean;
  readonly nowMs: number;
  /** More, that the kubelet found out: `DisruptionTarget`. */
  readonly others?: readonly PodCondition[];
}

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

/** The conditions that the kubelet keeps, in its order. Times change when the status does. Pure. */
export function podConditions(facts: ConditionFacts): PodCondition[] {
  const { pod, nowMs, others = [] } = facts;
  const containers = containersReady(facts);
  const verdicts: (Verdict & { readonly type: string })[] = [
    { type: 'PodReadyToStartContainers', status: facts.hasSandbox ? 'True' : 'False' },
    { type: 'Initialized', ...initialized(facts) },
    { type: 'Ready', ...withGates(pod, containers) },
    { type: 'ContainersReady', ...containers },
    { type: 'PodScheduled', status: 'True' },
    ...others.map(({ type = '', status = 'True', reason, message }) => ({
      ...{ type, status: status === 'True' ? ('True' as const) : ('False' as const) },
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    })),
  ];
  const { generation } = pod.metadata;
  return verdicts.map(({ type, ...verdict }) => {
    const known = pod.status?.conditions?.find((each) => each.type === type);
    const since = known?.status === verdict.status ? known.lastTransitionTime : undefined;
    return {
      type,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      lastTransitionTime: since ?? formatTime(nowMs),
      ...verdict,
    };
  });
}

function initialized({ pod, phase, inits, mains }: ConditionFacts): Verdict {
  if (phase === 'Succeeded' && mains.length > 0) return { status: 'True', reason: 'PodCompleted' };
  const sidecars = sidecarNames(pod);
  const hasBegun = mains.some(
    ({ state, lastState }) =>
      state?.running !== undefined ||
      state?.terminated !== undefined ||
      lastState?.terminated !== undefined,
  );
  const missing = inits.filter(({ name = '', ready, started }) => {
    if (sidecars.has(name)) return !hasBegun && started !== true;
    return ready !== true;
  });
  if (missing.length === 0 || hasBegun) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${namesOf(missing)}]`,
  };
}

function containersReady({ pod, phase, inits, mains }: ConditionFacts): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const sidecars = sidecarNames(pod);
  const staying = [...inits.filter(({ name = '' }) => sidecars.has(name)), ...mains];
  const unready = staying.filter(({ ready }) => ready !== true);
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${namesOf(unready)}]`,
  };
}

/** A pod is ready when its containers are and every readiness gate is open. */
function withGates({ spec, status }: Pod, containers: Verdict): Verdict {
  if (containers.status === 'False') return containers;
  const closed: string[] = [];
  for (const { conditionType = '' } of spec?.readinessGates ?? []) {
    const gate = status?.conditions?.find(({ type }) => type === conditionType);
    const quoted = JSON.stringify(conditionType);
    if (gate === undefined) {
      closed.push(`corresponding condition of pod readiness gate ${quoted} does not exist.`);
    } else if (gate.status !== 'True') {
      closed.push(
        `the status of pod readiness gate ${quoted} is not "True", but ${gate.status ?? ''}`,
      );
    }
  }
  if (closed.length === 0) return containers;
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: closed.join(', ') };
}

function sidecarNames({ spec }: Pod): ReadonlySet<string> {
  const sidecars = spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return new Set(sidecars?.map(({ name = '' }) => name));
}

function namesOf(statuses: readonly ContainerStatus[]): string {
  return statuses.map(({ name }) => name).join(' ');
}
