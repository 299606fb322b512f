import type { StatefulSet } from '../../api/gen/apps-v1.js';
import type { Pod, PodTemplateSpec } from '../../api/gen/core-v1.js';
import { podFromTemplate } from '../pods/index.js';
import { claimName } from './claims.js';

/** Carries the pod's own name, so that a service can select it alone. */
export const podNameLabel = 'statefulset.kubernetes.io/pod-name';
/** Carries the pod's ordinal. */
export const podIndexLabel = 'apps.kubernetes.io/pod-index';
/** Carries the name of the ControllerRevision that the pod is of. */
export const revisionLabel = 'controller-revision-hash';

const ordinalMax = 2 ** 31 - 1;

/** The set's name and the ordinal that a pod's name says; null when it says none. */
export function parsePodName(
  name: string,
): { readonly set: string; readonly ordinal: number } | null {
  const match = /^(.*)-([0-9]+)$/.exec(name);
  if (match === null) return null;
  const ordinal = Number(match[2]);
  return ordinal > ordinalMax ? null : { set: match[1] ?? '', ordinal };
}

/** The ordinal of a pod; -1 when its name says none. */
export function ordinalOf({ metadata }: Pod): number {
  return parsePodName(metadata.name ?? '')?.ordinal ?? -1;
}

/** Its name is one that the set gives. */
export function isMember(set: StatefulSet, { metadata }: Pod): boolean {
  return parsePodName(metadata.name ?? '')?.set === set.metadata.name;
}

/** The first ordinal, and the one behind the last. */
export function ordinalsOf({ spec }: StatefulSet): {
  readonly start: number;
  readonly end: number;
} {
  const start = spec?.ordinals?.start ?? 0;
  return { start, end: start + (spec?.replicas ?? 1) };
}

/** The pod of an ordinal, of a template that is of a revision. */
export function newStatefulPod(
  set: StatefulSet,
  ordinal: number,
  { template, revision }: { readonly template: PodTemplateSpec; readonly revision: string },
): Pod {
  const pod = podFromTemplate(template, set);
  const name = `${set.metadata.name ?? ''}-${ordinal}`;
  const { serviceName = '' } = set.spec ?? {};
  pod.metadata.labels = { ...pod.metadata.labels, [revisionLabel]: revision };
  pod.spec = {
    ...pod.spec,
    hostname: name,
    ...(serviceName === '' ? {} : { subdomain: serviceName }),
  };
  return withIdentity(set, { ...pod, metadata: { ...pod.metadata, name } });
}

/** Whether the pod's labels and volumes are those of its ordinal. */
export function hasIdentity(set: StatefulSet, pod: Pod): boolean {
  const { labels, name } = pod.metadata;
  if (labels?.[podNameLabel] !== name) return false;
  const volumes = new Map((pod.spec?.volumes ?? []).map((volume) => [volume.name, volume]));
  return (set.spec?.volumeClaimTemplates ?? []).every((template) => {
    const volume = volumes.get(template.metadata.name);
    const claim = claimName(set, template, ordinalOf(pod));
    return volume?.persistentVolumeClaim?.claimName === claim;
  });
}

/** The pod with the labels and volumes of its ordinal. A volume of the template that has the name of a claim gives way to it. */
export function withIdentity(set: StatefulSet, pod: Pod): Pod {
  const ordinal = ordinalOf(pod);
  const claims = (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    name: template.metadata.name ?? '',
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }));
  const names = new Set(claims.map(({ name }) => name));
  const others = (pod.spec?.volumes ?? []).filter(({ name = '' }) => !names.has(name));
  const volumes = [...claims, ...others];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata.labels,
        [podNameLabel]: pod.metadata.name ?? '',
        [podIndexLabel]: String(ordinal),
      },
    },
    spec: { ...pod.spec, ...(volumes.length === 0 ? {} : { volumes }) },
  };
}
