import type { Container, ContainerStatus, Pod, Volume } from '../../api/gen/core-v1.js';

/** Volumes whose names or content differ from pod to pod, and that no placement depends on. */
const placelessVolumes = ['projected', 'configMap', 'secret', 'emptyDir', 'downwardAPI'] as const;

/** What is equal for pods that scheduling cannot tell apart but for the node that they are on. */
export interface ContentKey {
  /** Everything: {@link demand}, and whose they are and their labels. */
  readonly whole: string;
  /** Of what they ask of a node. */
  readonly demand: string;
}

/** The keys of a pod. */
export function contentKeyOf(pod: Pod): ContentKey {
  const { metadata } = pod;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  const demand = demandOf(pod);
  const origin = JSON.stringify([metadata.namespace, owner?.uid, metadata.labels]);
  return { whole: `${origin}${demand}`, demand };
}

function demandOf({ metadata, spec = {}, status }: Pod): string {
  return JSON.stringify([
    spec.priority,
    spec.preemptionPolicy,
    spec.schedulerName,
    spec.nodeSelector,
    spec.affinity,
    spec.tolerations,
    spec.topologySpreadConstraints,
    spec.containers?.map(containerPart),
    spec.initContainers?.map(containerPart),
    spec.resources,
    spec.overhead,
    spec.hostNetwork,
    spec.resourceClaims,
    spec.schedulingGroup,
    spec.os,
    placedVolumes(metadata, spec.volumes),
    // Resizing, of pods that run.
    resizedStatuses(status),
    status?.conditions?.some(({ reason }) => reason === 'Infeasible') === true,
  ]);
}

/** Either key with the node; see `PodInfo.templateKey` and `PodInfo.demandKey`. */
export function withNode(key: string, { spec }: Pod): string {
  return `${key}${spec?.nodeName ?? ''}`;
}

/** Statuses of containers that say nothing of resources are as good as none. */
function resizedStatuses(status: Pod['status']) {
  return (status?.containerStatuses ?? [])
    .filter(saysResources)
    .map(({ name, resources, allocatedResources }) => [
      ...[name, resources?.requests, allocatedResources],
    ]);
}

/** Whether what the container takes depends on its status. */
export function saysResources({ resources, allocatedResources }: ContainerStatus): boolean {
  return resources?.requests !== undefined || allocatedResources !== undefined;
}

function containerPart({ image, ports, resources, restartPolicy }: Container) {
  const placed = ports?.filter(({ hostPort = 0 }) => hostPort !== 0);
  return [image, placed, resources, restartPolicy];
}

/** An ephemeral volume's claim is named after its pod. */
function placedVolumes(metadata: Pod['metadata'], volumes: readonly Volume[] | undefined) {
  const placed = (volumes ?? []).filter((volume) =>
    placelessVolumes.every((kind) => volume[kind] === undefined),
  );
  const isNamed = placed.some(({ ephemeral }) => ephemeral !== undefined);
  return [placed, isNamed ? metadata.name : undefined];
}
