import type { Container, ContainerStatus, Pod, Volume } from '../../api/gen/core-v1.js';

/** Volumes whose names or content differ from pod to pod, and that no placement depends on. */
const placelessVolumes = ['projected', 'configMap', 'secret', 'emptyDir', 'downwardAPI'] as const;

/** The text that is equal for pods that scheduling cannot tell apart but for the node that they are on. */
export function contentKeyOf({ metadata, spec = {}, status }: Pod): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  return JSON.stringify([
    metadata.namespace,
    owner?.uid,
    metadata.labels,
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

/** The same with the node; see `PodInfo.templateKey`. */
export function templateKeyOf(contentKey: string, { spec }: Pod): string {
  return `${contentKey}${spec?.nodeName ?? ''}`;
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
  const placed = volumes?.filter((volume) =>
    placelessVolumes.every((kind) => volume[kind] === undefined),
  );
  const isNamed = placed?.some(({ ephemeral }) => ephemeral !== undefined) ?? false;
  return [placed, isNamed ? metadata.name : undefined];
}
