import { isPodReady, podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Container, Pod } from '../../api/gen/core-v1.js';
import { Quantity } from '../../machinery/quantity.js';
import { parseTime } from '../../machinery/time.js';
import { MetricError, type PodSample, type PodSamples } from './samples.js';

/** How far a ratio may be from 1 without anything happening. */
export interface Tolerance {
  readonly up: number;
  readonly down: number;
}

/** When samples of pods count. */
export interface ReadinessRules {
  /** So long after its start, a pod's CPU counts only while it is ready. */
  readonly cpuInitializationMs: number;
  /** A pod that was never ready after so long from its start was never ready. */
  readonly initialReadinessDelayMs: number;
}

/** What all proposals rest on. */
export interface ReplicaState extends ReadinessRules {
  readonly currentReplicas: number;
  /** Those that the target's selector selects. */
  readonly pods: readonly Pod[];
  readonly tolerance: Tolerance;
  readonly nowMs: number;
}

/** How many replicas a metric asks for, and what it says. Amounts are in thousandths. */
export interface Proposal {
  readonly replicas: number;
  /** Of an average: for each pod. */
  readonly usage: number;
  /** Percent of what is requested; of resources with such a target. */
  readonly utilization?: number;
}

/** By how much of what the pods request they use. `container`: '' for all. Throws MetricError. */
export function proposeByUtilization(
  state: ReplicaState,
  samples: PodSamples,
  {
    resource,
    container,
    targetPercent,
  }: {
    readonly resource: string;
    readonly container: string;
    readonly targetPercent: number;
  },
): Proposal {
  const groups = groupPods(state, samples, resource);
  const requests = podRequestsOf(state.pods, container, resource);
  const measure = (of: PodSamples) => utilizationRatio(of, requests, targetPercent);
  const { ratio, usage, utilization } = measure(groups.counted);
  const fallbackPercent = Math.max(100, targetPercent);
  const replicas = settle(state, groups, ratio, {
    ratioOf: (of) => measure(of).ratio,
    // Those that fall silent on the way down are taken for busy.
    missingValue: (name) => Math.floor(((requests.get(name) ?? 0) * fallbackPercent) / 100),
  });
  return { replicas, usage, utilization };
}

/** By the average amount for each pod. `resource`: '' for what is none. Throws MetricError. */
export function proposeByAverage(
  state: ReplicaState,
  samples: PodSamples,
  { resource, target }: { readonly resource: string; readonly target: number },
): Proposal {
  const groups = groupPods(state, samples, resource);
  const { ratio, usage } = usageRatio(groups.counted, target);
  const replicas = settle(state, groups, ratio, {
    ratioOf: (of) => usageRatio(of, target).ratio,
    missingValue: () => target,
  });
  return { replicas, usage };
}

/** By an amount that the pods bring about together. Throws MetricError. */
export function proposeByValue(
  state: ReplicaState,
  { usage, target }: { readonly usage: number; readonly target: number },
): Proposal {
  const ratio = usage / target;
  const { currentReplicas, pods, tolerance } = state;
  if (currentReplicas === 0) return { replicas: Math.ceil(ratio), usage };
  if (isWithin(tolerance, ratio)) return { replicas: currentReplicas, usage };
  if (pods.length === 0) {
    throw new MetricError(
      'unable to calculate ready pods: no pods returned by selector while calculating replica count',
    );
  }
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length;
  return { replicas: Math.ceil(ratio * ready), usage };
}

/** By an amount that is divided among the pods that there are, `statusReplicas`. */
export function proposeByShare(
  { tolerance }: ReplicaState,
  {
    usage,
    target,
    statusReplicas,
  }: { readonly usage: number; readonly target: number; readonly statusReplicas: number },
): Proposal {
  const ratio = usage / (target * statusReplicas);
  const replicas = isWithin(tolerance, ratio) ? statusReplicas : Math.ceil(usage / target);
  return { replicas, usage: statusReplicas === 0 ? 0 : Math.ceil(usage / statusReplicas) };
}

/** Pods by what their samples are worth. */
interface PodGroups {
  readonly counted: Map<string, PodSample>;
  readonly readyCount: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
}

function groupPods(state: ReplicaState, samples: PodSamples, resource: string): PodGroups {
  if (state.pods.length === 0) {
    throw new MetricError('no pods returned by selector while calculating replica count');
  }
  const counted = new Map(samples);
  const unready: string[] = [];
  const missing: string[] = [];
  let readyCount = 0;
  for (const pod of state.pods) {
    const { name = '', deletionTimestamp } = pod.metadata;
    const sample = samples.get(name);
    if (deletionTimestamp !== undefined || pod.status?.phase === 'Failed') {
      counted.delete(name);
    } else if (pod.status?.phase === 'Pending') {
      unready.push(name);
      counted.delete(name);
    } else if (sample === undefined) {
      missing.push(name);
    } else if (resource === 'cpu' && isCpuUnready(pod, sample, state)) {
      unready.push(name);
      counted.delete(name);
    } else readyCount++;
  }
  if (counted.size === 0) {
    throw new MetricError('did not receive metrics for targeted pods (pods might be unready)');
  }
  return { counted, readyCount, unready, missing };
}

/** What a pod uses while it starts says nothing about the load. */
function isCpuUnready(
  pod: Pod,
  sample: PodSample,
  { nowMs, cpuInitializationMs, initialReadinessDelayMs }: ReplicaState,
): boolean {
  const ready = podCondition(pod, 'Ready');
  const startedMs = parseTime(pod.status?.startTime ?? '');
  if (ready === undefined || startedMs === null) return true;
  const changedMs = parseTime(ready.lastTransitionTime ?? '') ?? 0;
  const isFalse = ready.status === 'False';
  if (startedMs + cpuInitializationMs > nowMs) {
    return isFalse || sample.atMs < changedMs + sample.windowMs;
  }
  return isFalse && startedMs + initialReadinessDelayMs > changedMs;
}

/** The number of replicas for a ratio, taking pods into account that nothing is known of so that they never turn the direction. */
function settle(
  { currentReplicas, tolerance }: ReplicaState,
  { counted, readyCount, unready, missing }: PodGroups,
  ratio: number,
  {
    ratioOf,
    missingValue,
  }: {
    readonly ratioOf: (samples: PodSamples) => number;
    readonly missingValue: (name: string) => number;
  },
): number {
  const isUpWithUnready = unready.length > 0 && ratio > 1;
  if (!isUpWithUnready && missing.length === 0) {
    return isWithin(tolerance, ratio) ? currentReplicas : Math.ceil(ratio * readyCount);
  }
  const all = new Map(counted);
  const assume = (name: string, value: number) => all.set(name, { value, atMs: 0, windowMs: 0 });
  if (ratio < 1) for (const name of missing) assume(name, missingValue(name));
  if (ratio > 1) for (const name of missing) assume(name, 0);
  if (isUpWithUnready) for (const name of unready) assume(name, 0);
  const next = ratioOf(all);
  const isTurned = (ratio < 1 && next > 1) || (ratio > 1 && next < 1);
  if (isWithin(tolerance, next) || isTurned) return currentReplicas;
  const replicas = Math.ceil(next * all.size);
  const isAgainst =
    (next < 1 && replicas > currentReplicas) || (next > 1 && replicas < currentReplicas);
  return isAgainst ? currentReplicas : replicas;
}

function isWithin({ up, down }: Tolerance, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

function utilizationRatio(
  samples: PodSamples,
  requests: ReadonlyMap<string, number>,
  targetPercent: number,
): { readonly ratio: number; readonly usage: number; readonly utilization: number } {
  let [used, requested, count] = [0, 0, 0];
  for (const [name, { value }] of samples) {
    const request = requests.get(name);
    if (request === undefined) continue;
    used += value;
    requested += request;
    count++;
  }
  if (requested === 0) throw new MetricError('no metrics returned matched known pods');
  const utilization = Math.trunc((used * 100) / requested);
  return { ratio: utilization / targetPercent, usage: Math.trunc(used / count), utilization };
}

function usageRatio(
  samples: PodSamples,
  target: number,
): { readonly ratio: number; readonly usage: number } {
  let used = 0;
  for (const { value } of samples.values()) used += value;
  const usage = Math.trunc(used / samples.size);
  return { ratio: usage / target, usage };
}

/** Thousandths that each pod requests, of what stays running. Throws MetricError when one does not say. */
function podRequestsOf(
  pods: readonly Pod[],
  container: string,
  resource: string,
): ReadonlyMap<string, number> {
  return new Map(
    pods.map((pod) => {
      const { name = '' } = pod.metadata;
      const ofPod = container === '' ? pod.spec?.resources?.requests?.[resource] : undefined;
      if (ofPod !== undefined) return [name, milli(ofPod)];
      const staying = (pod.spec?.initContainers ?? []).filter(
        ({ restartPolicy }) => restartPolicy === 'Always',
      );
      const containers = [...(pod.spec?.containers ?? []), ...staying].filter(
        (each) => container === '' || each.name === container,
      );
      return [name, containers.reduce((sum, each) => sum + requestOf(each, resource, name), 0)];
    }),
  );
}

function requestOf({ name, resources }: Container, resource: string, pod: string): number {
  const request = resources?.requests?.[resource];
  if (request !== undefined) return milli(request);
  throw new MetricError(`missing request for ${resource} in container ${name} of Pod ${pod}`);
}

function milli(text: string): number {
  return Number(Quantity.parse(text).milliValue());
}
