import type { APIService } from '../../api/gen/apiregistration-v1.js';
import { groupPriority, isBuiltInGroup, versionPriority } from '../../api/group-priority.js';

/** On the APIServices that servers write themselves. */
export const managedLabel = 'kube-aggregator.kubernetes.io/automanaged';

/** The APIService of a version that is served here. */
export function localService(group: string, version: string): APIService {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: `${version}.${group}`,
      labels: { [managedLabel]: isBuiltInGroup(group) ? 'onstart' : 'true' },
    },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: groupPriority(group),
      versionPriority: versionPriority(group, version),
    },
    status: {
      conditions: [
        {
          type: 'Available',
          status: 'True',
          reason: 'Local',
          message: 'Local APIServices are always available',
        },
      ],
    },
  };
}
