import type { Pod, ResourceQuota } from '../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../src/control/client/index.js';
import { Quantity } from '../../../src/control/machinery/quantity.js';
import { type ClusterState, told } from './cluster-state.js';

/** In what quotas do not count what is there. */
export function* quotaDifferences(state: ClusterState): Generator<string> {
  for (const quota of state.of(resources.resourceQuotas)) {
    const { spec, status } = quota;
    for (const resource of Object.keys(spec?.hard ?? {})) {
      const wanted = countOf(state, quota, resource);
      const found = status?.used?.[resource];
      if (found !== undefined && Quantity.parse(found).compare(Quantity.parse(wanted)) === 0)
        continue;
      yield `${told(quota)} counts ${found} of ${resource}, not ${wanted}`;
    }
  }
}

const counted = {
  services: resources.services,
  secrets: resources.secrets,
  persistentvolumeclaims: resources.persistentVolumeClaims,
  'count/jobs.batch': resources.jobs,
  'count/configmaps': resources.configMaps,
  'count/deployments.apps': resources.deployments,
} as const;

/** The amount of a resource that its namespace uses, counted anew. */
function countOf(state: ClusterState, { metadata }: ResourceQuota, resource: string): string {
  const isHere = (object: { readonly metadata: { readonly namespace?: string } }) =>
    object.metadata.namespace === metadata.namespace;
  const pods = state.of(resources.pods).filter((pod) => isHere(pod) && isPodActive(pod));
  if (resource === 'pods') return String(pods.length);
  if (resource === 'requests.cpu') {
    const milli = pods
      .flatMap(({ spec }) => spec?.containers ?? [])
      .map(({ resources: amounts }) => Number.parseInt(amounts?.requests?.cpu ?? '0', 10))
      .reduce((sum, each) => sum + each, 0);
    return `${milli}m`;
  }
  const kind = counted[resource as keyof typeof counted];
  if (kind === undefined) throw new Error(`no count of ${resource}`);
  return String(
    state.of<{ metadata: { namespace?: string } }>(kind as never).filter(isHere).length,
  );
}

/** It uses what it asks for: it has not ended. */
function isPodActive({ status }: Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}
