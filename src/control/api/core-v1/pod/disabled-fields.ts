import type {
  Lifecycle,
  PodSpec,
  ProjectedVolumeSource,
  VolumeProjection,
} from '../../gen/core-v1.js';
import { allContainers } from './containers.js';

/**
 * Takes fields out of a pod's spec that Kubernetes 1.36 has but does not serve unless it is told to, so that nobody relies on
 * them. Those that the spec which is replaced already uses may stay.
 */
export function dropDisabledFields(spec: PodSpec, old: PodSpec | undefined): void {
  if (!lifecyclesOf(old).some((lifecycle) => lifecycle.stopSignal !== undefined)) {
    for (const lifecycle of lifecyclesOf(spec)) delete lifecycle.stopSignal;
  }
  for (const kind of ['clusterTrustBundle', 'podCertificate'] as const) {
    const isUsed = projectionsOf(old).some((source) => source[kind] !== undefined);
    if (!isUsed) dropProjection(spec, kind);
  }
  if (old?.schedulingGroup === undefined) delete spec.schedulingGroup;
}

function lifecyclesOf(spec: PodSpec | undefined): Lifecycle[] {
  return allContainers(spec ?? {}).flatMap(({ lifecycle }) => lifecycle ?? []);
}

function projectedOf(spec: PodSpec | undefined): ProjectedVolumeSource[] {
  return (spec?.volumes ?? []).flatMap(({ projected }) => projected ?? []);
}

function projectionsOf(spec: PodSpec | undefined): VolumeProjection[] {
  return projectedOf(spec).flatMap(({ sources }) => sources ?? []);
}

function dropProjection(spec: PodSpec, kind: 'clusterTrustBundle' | 'podCertificate'): void {
  for (const source of projectionsOf(spec)) delete source[kind];
}
