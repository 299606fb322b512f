import type { AppArmorProfile, Pod, PodSpec } from '../../gen/core-v1.js';
import { mergeAffinityLabelKeys } from './affinity.js';
import { appArmorPrefix } from './annotations.js';
import { allContainers } from './containers.js';
import { dropDisabledFields } from './disabled-fields.js';
import { mergeLabelKeys } from './match-label-keys.js';
import { qosClassOf } from './qos.js';

/** A new pod has no status of its own yet, and what stands for its labels is put into its selectors. */
export function preparePodCreate(pod: Pod): void {
  pod.spec ??= {};
  const { spec } = pod;
  pod.status = { phase: 'Pending', qosClass: qosClassOf(spec) };
  dropDisabledFields(spec, undefined);
  if (spec.schedulingGates?.length) {
    pod.status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ];
  }
  mergeAffinityLabelKeys(spec.affinity, pod.metadata.labels);
  for (const constraint of spec.topologySpreadConstraints ?? []) {
    mergeLabelKeys(constraint, pod.metadata.labels);
  }
  setAppArmorFields(pod, spec);
}

/** Profiles that only the old annotations say are put where they are looked for. */
function setAppArmorFields({ metadata }: Pod, spec: PodSpec): void {
  if (spec.os?.name === 'windows') return;
  for (const container of allContainers(spec)) {
    const annotation = metadata.annotations?.[appArmorPrefix + (container.name ?? '')];
    const own = container.securityContext?.appArmorProfile;
    const profile = annotation === undefined ? undefined : appArmorProfileOf(annotation);
    if (profile === undefined || own || spec.securityContext?.appArmorProfile) continue;
    container.securityContext = { ...container.securityContext, appArmorProfile: profile };
  }
}

function appArmorProfileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const prefix = 'localhost/';
  if (!annotation.startsWith(prefix) || annotation === prefix) return undefined;
  return { type: 'Localhost', localhostProfile: annotation.slice(prefix.length) };
}

/** An update of a pod leaves its status alone, which both states share. */
export function preparePodUpdate(pod: Pod, old: Pod): void {
  if (old.status === undefined) delete pod.status;
  else pod.status = old.status;
  if (pod.spec) dropDisabledFields(pod.spec, old.spec);
}

/** An update of a pod's status leaves the pod alone, and shares it; the class of service stays when it is not said. */
export function preparePodStatusUpdate(pod: Pod, old: Pod): void {
  pod.spec = old.spec ?? {};
  pod.status ??= {};
  const qosClass = pod.status.qosClass || old.status?.qosClass;
  if (qosClass) pod.status.qosClass = qosClass;
  if (!old.status?.nodeAllocatableResourceClaimStatuses) {
    delete pod.status.nodeAllocatableResourceClaimStatuses;
  }
  const { ownerReferences } = old.metadata;
  if (ownerReferences === undefined) delete pod.metadata.ownerReferences;
  else pod.metadata.ownerReferences = ownerReferences;
}

/** Who is not running, or not anywhere, needs no time to stop. */
export function podGracePeriodSeconds(pod: Pod, asked: number | undefined): number {
  const phase = pod.status?.phase;
  if (!pod.spec?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0;
  const seconds = asked ?? pod.spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}
