import type { PodCondition, PodStatus } from '../../api/gen/core-v1.js';
import { formatTime } from '../../machinery/time.js';
import { currentSandbox, isRunning, podIps } from '../pods/observed-pod.js';
import { type ContainerFacts, containerStatuses } from './container-statuses.js';
import { type PodPhase, phaseOf } from './phase.js';
import { podConditions } from './pod-conditions.js';

/** What a pod's status is made of. */
export interface PodFacts extends ContainerFacts {
  readonly hostIps: readonly string[];
  readonly nowMs: number;
  /** When this kubelet, or one before it, took the pod. */
  readonly startedAtMs: number;
  /** Why the node itself ended the pod: `Evicted`, `DeadlineExceeded`. */
  readonly failure: { readonly reason: string; readonly message: string } | null;
  readonly otherConditions: readonly PodCondition[];
}

/** The status as the kubelet writes it: all that is the node's to say. Pure. */
export function podStatus(facts: PodFacts): PodStatus {
  const rejected = rejectedStatus(facts);
  if (rejected !== null) return rejected;
  const { pod, observed, failure, hostIps, nowMs, startedAtMs } = facts;
  const { inits, mains, ephemerals } = containerStatuses(facts);
  const computed = phaseOf(pod, inits, mains, facts.isOver);
  // A pod that has ended stays so.
  const known = pod.status?.phase;
  const isDone = known === 'Failed' || known === 'Succeeded';
  const phase = phaseNow(facts, failure !== null ? 'Failed' : isDone ? known : computed);
  const hasSandbox = currentSandbox(observed) !== null;
  const conditions = podConditions({
    ...{ pod, phase, inits, mains, hasSandbox, nowMs },
    others: facts.otherConditions,
  });
  const { generation } = pod.metadata;
  const reason = failure ?? {
    ...(isDone && pod.status?.reason !== undefined ? { reason: pod.status.reason } : {}),
    ...(isDone && pod.status?.message !== undefined ? { message: pod.status.message } : {}),
  };
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...{ phase, ...reason, conditions },
    startTime: pod.status?.startTime ?? formatTime(startedAtMs),
    hostIP: hostIps[0] ?? '',
    hostIPs: hostIps.map((ip) => ({ ip })),
    ...ipsOf(facts),
    ...(inits.length === 0 ? {} : { initContainerStatuses: [...inits] }),
    containerStatuses: [...mains],
    ...(ephemerals.length === 0 ? {} : { ephemeralContainerStatuses: [...ephemerals] }),
  };
}

/** Of a pod that the node did not take: nothing of it was ever there. Null: that is not so. */
function rejectedStatus({ pod, observed, failure }: PodFacts): PodStatus | null {
  const hasBegun = observed.sandboxes.length + observed.containers.length > 0;
  const wasShown = pod.status?.containerStatuses !== undefined;
  if (failure === null || hasBegun || wasShown) return null;
  const { generation } = pod.metadata;
  const observedGeneration = generation === undefined ? {} : { observedGeneration: generation };
  return { ...observedGeneration, phase: 'Failed', ...failure };
}

/** Nobody is told that a pod has ended as long as something of it runs. */
function phaseNow({ pod, observed }: PodFacts, phase: PodPhase): PodPhase {
  const isEnd = phase === 'Failed' || phase === 'Succeeded';
  if (!isEnd || pod.status?.phase === phase || !isRunning(observed)) return phase;
  return pod.status?.phase === 'Pending' ? 'Pending' : 'Running';
}

/** Without a sandbox the addresses are those that it had, until there are others. */
function ipsOf({ pod, hostIps, observed }: PodFacts): Partial<PodStatus> {
  const known = (pod.status?.podIPs ?? []).map(({ ip = '' }) => ip);
  const now = podIps(observed, hostIps);
  const ips = now.length === 0 ? known : now;
  const [first] = ips;
  if (first === undefined) return {};
  return { podIP: first, podIPs: ips.map((ip) => ({ ip })) };
}
