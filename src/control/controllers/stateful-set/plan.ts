import { isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { StatefulSet } from '../../api/gen/apps-v1.js';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '../../api/gen/core-v1.js';
import { isStale, newClaims, withOwnersWanted } from './claims.js';
import { hasIdentity, newStatefulPod, ordinalOf, ordinalsOf, withIdentity } from './identity.js';
import { planUpdate } from './plan-update.js';
import { isCreated, isRunningAndAvailable, isTerminating } from './pod-progress.js';

/** A template of a set, by the name of the ControllerRevision that keeps it. */
export interface TemplateRevision {
  readonly revision: string;
  readonly template: PodTemplateSpec;
}

/** What is known of a StatefulSet. */
export interface StatefulState {
  readonly set: StatefulSet;
  /** Its own. */
  readonly pods: readonly Pod[];
  /** What its pods had before the present change began. */
  readonly current: TemplateRevision;
  /** What they shall have. */
  readonly update: TemplateRevision;
  /** A claim of the set's namespace. */
  readonly claim: (name: string) => PersistentVolumeClaim | undefined;
  readonly nowMs: number;
}

/** A write. */
export type StatefulAction =
  | { readonly kind: 'create-claim'; readonly pod: Pod; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'update-claim'; readonly claim: PersistentVolumeClaim }
  | { readonly kind: 'create-pod'; readonly pod: Pod }
  | { readonly kind: 'update-pod'; readonly pod: Pod }
  | { readonly kind: 'delete-pod'; readonly pod: Pod }
  /** A claim is in the way that is going: it fails, and is tried again. */
  | { readonly kind: 'wait-for-claim'; readonly pod: Pod; readonly claim: PersistentVolumeClaim };

/** What is done for one pod, in order. */
export type PodSteps = readonly StatefulAction[];

/** What is to be done: phase by phase, each when the one before has succeeded. The pods of a phase do not wait for each other. */
export interface StatefulPlan {
  readonly phases: readonly (readonly PodSteps[])[];
}

/** What one pod needs, and whether those behind it have to wait. */
interface Step {
  readonly steps: PodSteps;
  readonly isBlocking: boolean;
}

/** The next steps of a StatefulSet: those of one pod at a time, unless its policy lets pods come and go together. */
export function planStatefulSet(state: StatefulState): StatefulPlan {
  const { set } = state;
  if (set.metadata.deletionTimestamp !== undefined) return { phases: [] };
  const isOrdered = (set.spec?.podManagementPolicy ?? 'OrderedReady') !== 'Parallel';
  const replicas = replicasOf(state);
  const condemned = condemnedOf(state);
  const firstUnavailable =
    replicas.find((pod) => isUnavailable(pod, state)) ??
    condemned.findLast((pod) => isUnavailable(pod, state));
  const phases: (readonly PodSteps[])[] = [];
  const run = <T>(items: readonly T[], stepOf: (item: T) => Step): boolean => {
    const phase: PodSteps[] = [];
    phases.push(phase);
    for (const item of items) {
      const { steps, isBlocking } = stepOf(item);
      if (steps.length > 0) phase.push(steps);
      if (isOrdered && isBlocking) return false;
    }
    return true;
  };
  const isThrough =
    run(replicas, (pod) => replicaStep(state, pod, isOrdered)) &&
    run(condemned, (pod) => condemnedClaims(state, pod)) &&
    run(condemned, (pod) => condemnedStep(state, pod, pod === firstUnavailable));
  if (isThrough) phases.push(planUpdate(state, replicas));
  return { phases: phases.filter((phase) => phase.length > 0) };
}

/** The pods that are wanted, by ordinal: as they are, or as they are to be made. */
function replicasOf(state: StatefulState): readonly Pod[] {
  const { set, pods, update } = state;
  const { start, end } = ordinalsOf(set);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod), pod]));
  const replicas: Pod[] = [];
  for (let ordinal = start; ordinal < end; ordinal++) {
    const version = isOfCurrent(set, ordinal - start) ? state.current : update;
    replicas.push(byOrdinal.get(ordinal) ?? newStatefulPod(set, ordinal, version));
  }
  return replicas;
}

/** Whether a pod that is made now is made of the former template: those below the partition of a rolling update. */
function isOfCurrent({ spec, status }: StatefulSet, index: number): boolean {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  if ((type ?? 'RollingUpdate') !== 'RollingUpdate') return false;
  return (
    index <
    (rollingUpdate === undefined ? (status?.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0))
  );
}

/** Pods of ordinals that are not wanted, highest first. */
function condemnedOf({ set, pods }: StatefulState): readonly Pod[] {
  const { start, end } = ordinalsOf(set);
  return pods
    .filter((pod) => {
      const ordinal = ordinalOf(pod);
      return ordinal >= 0 && (ordinal < start || ordinal >= end);
    })
    .sort((a, b) => ordinalOf(b) - ordinalOf(a));
}

function isUnavailable(pod: Pod, { set, nowMs }: StatefulState): boolean {
  return isTerminating(pod) || !isRunningAndAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
}

function replicaStep(state: StatefulState, pod: Pod, isOrdered: boolean): Step {
  if (isPodTerminal(pod)) {
    // A new one is made once this one is gone.
    return { steps: isTerminating(pod) ? [] : [{ kind: 'delete-pod', pod }], isBlocking: true };
  }
  if (!isCreated(pod)) return creation(state, pod);
  const claims = pod.status?.phase === 'Pending' ? missingClaims(state, pod) : [];
  if (isOrdered && isUnavailable(pod, state)) return { steps: claims, isBlocking: true };
  return { steps: [...claims, ...repairs(state, pod)], isBlocking: false };
}

function creation(state: StatefulState, pod: Pod): Step {
  const name = pod.metadata.name ?? '';
  const claims = newClaims(state.set, ordinalOf(pod)).map(({ metadata }) =>
    state.claim(metadata.name ?? ''),
  );
  const isBlocked = claims.some((claim) => claim !== undefined && isStale(state.set, claim, name));
  if (isBlocked) return { steps: [], isBlocking: true };
  return { steps: [...missingClaims(state, pod), { kind: 'create-pod', pod }], isBlocking: true };
}

function missingClaims({ set, claim }: StatefulState, pod: Pod): PodSteps {
  return newClaims(set, ordinalOf(pod)).flatMap((wanted): PodSteps => {
    const existing = claim(wanted.metadata.name ?? '');
    if (existing === undefined) return [{ kind: 'create-claim', pod, claim: wanted }];
    const isGoing = existing.metadata.deletionTimestamp !== undefined;
    return isGoing ? [{ kind: 'wait-for-claim', pod, claim: existing }] : [];
  });
}

function repairs(state: StatefulState, pod: Pod): PodSteps {
  const steps: StatefulAction[] = [...claimOwners(state, pod, null)];
  if (!isTerminating(pod) && !hasIdentity(state.set, pod)) {
    steps.push({ kind: 'update-pod', pod: withIdentity(state.set, pod) });
  }
  return steps;
}

function claimOwners({ set, claim }: StatefulState, pod: Pod, condemned: Pod | null): PodSteps {
  return newClaims(set, ordinalOf(pod)).flatMap(({ metadata }): PodSteps => {
    const existing = claim(metadata.name ?? '');
    const changed = existing === undefined ? null : withOwnersWanted(set, existing, condemned);
    return changed === null ? [] : [{ kind: 'update-claim', claim: changed }];
  });
}

function condemnedClaims(state: StatefulState, pod: Pod): Step {
  return { steps: claimOwners(state, pod, pod), isBlocking: false };
}

function condemnedStep(state: StatefulState, pod: Pod, isFirstUnavailable: boolean): Step {
  if (isTerminating(pod)) return { steps: [], isBlocking: true };
  const isWaiting = isUnavailable(pod, state) && !isFirstUnavailable;
  const isParallel = state.set.spec?.podManagementPolicy === 'Parallel';
  if (isWaiting && !isParallel) return { steps: [], isBlocking: true };
  return { steps: [{ kind: 'delete-pod', pod }], isBlocking: true };
}
