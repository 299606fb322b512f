import type { ResourceClaim } from '../../../api/gen/resource-v1.js';
import type { ClusterEventInterest } from '../../framework/cluster-event.js';
import { usesResourceClaim } from './pod-resource-claims.js';

/** What may let pods that wait for devices fit. */
export function dynamicResourcesEvents(): readonly ClusterEventInterest[] {
  return [
    {
      resource: 'ResourceClaim',
      actions: ['add', 'update', 'delete'],
      hint: ({ pod }, { before, after }) => {
        const [old, now] = [before, after] as (ResourceClaim | null)[];
        // Devices that were given back may be what any other pod waits for.
        const hadDevices = old?.status?.allocation !== undefined;
        if (hadDevices && now?.status?.allocation === undefined) return 'queue';
        const claim = now ?? old ?? null;
        return claim !== null && usesResourceClaim(pod, claim) ? 'queue' : 'skip';
      },
    },
    { resource: 'ResourceSlice', actions: ['add', 'update', 'delete'] },
    { resource: 'DeviceClass', actions: ['add', 'update'] },
    {
      resource: 'UnscheduledPod',
      actions: ['update'],
      hint: ({ uid }, { after }) => (after?.metadata.uid === uid ? 'queue' : 'skip'),
    },
    { resource: 'Node', actions: ['add', 'update-node-label', 'update-node-taint'] },
  ];
}
