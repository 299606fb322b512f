import type { Pod } from '../../../api/gen/core-v1.js';
import type { CSINode, VolumeAttachment } from '../../../api/gen/storage-v1.js';
import { resources } from '../../../client/index.js';
import type { KubeObject } from '../../../machinery/object.js';
import type { ClusterEventInterest } from '../../framework/cluster-event.js';
import type { Plugin } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { claimsOf, usesClaim } from '../pod-claims.js';
import { failure, unschedulable } from '../statuses.js';
import { type AttachedVolumes, countByDriver, VolumeAttachments } from './attached-volumes.js';

const tooMany = unschedulable('node(s) exceed max volume count');

/** Nodes take as many volumes of a CSI driver as their CSINode says. */
export function nodeVolumeLimits(_args: unknown, { informers }: SchedulerHandle): Plugin {
  const csiNodes = informers.of(resources.csiNodes).lister;
  const attachments = new VolumeAttachments(informers);
  return {
    name: 'NodeVolumeLimits',
    eventsToRegister: limitEvents,
    preFilter: (_, { pod }) =>
      pod.spec?.volumes === undefined || claimsOf(pod).length === 0 ? 'skip' : null,
    filter(_, { pod }, node) {
      const wanted: AttachedVolumes = new Map();
      const missing = attachments.addOf(pod, wanted);
      if (missing !== null) {
        const text = `persistentvolumeclaim ${JSON.stringify(missing)} not found`;
        return failure(`looking up PVC ${pod.metadata.namespace}/${missing}: ${text}`);
      }
      const limits = limitsOf(csiNodes.byKey(node.name));
      if (wanted.size === 0 || limits.size === 0) return null;
      const attached = attachments.attachedTo(node);
      for (const volume of attached.keys()) wanted.delete(volume);
      const [has, wants] = [countByDriver(attached), countByDriver(wanted)];
      for (const [driver, count] of wants) {
        const limit = limits.get(driver);
        if (limit !== undefined && (has.get(driver) ?? 0) + count > limit) return tooMany;
      }
      return null;
    },
  };
}

function limitsOf(csiNode: CSINode | undefined): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const { name = '', allocatable } of csiNode?.spec?.drivers ?? [])
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  return limits;
}

function limitEvents(): readonly ClusterEventInterest[] {
  return [
    {
      resource: 'CSINode',
      actions: ['add', 'update'],
      hint: (_, { before, after }) => (hasMoreRoom(before, after) ? 'queue' : 'skip'),
    },
    {
      resource: 'AssignedPod',
      actions: ['delete'],
      hint: (_, { before }) =>
        before !== null && claimsOf(before as Pod).length === 0 ? 'skip' : 'queue',
    },
    {
      resource: 'PersistentVolumeClaim',
      actions: ['add'],
      hint: ({ pod }, { after }) =>
        usesClaim(pod, after?.metadata.namespace, after?.metadata.name) ? 'queue' : 'skip',
    },
    {
      resource: 'VolumeAttachment',
      actions: ['delete'],
      hint: (_, { before }) =>
        (before as VolumeAttachment | null)?.spec?.source?.persistentVolumeName === undefined
          ? 'skip'
          : 'queue',
    },
  ];
}

/** A driver is gone, and its limit with it, or takes more than before. */
function hasMoreRoom(before: KubeObject | null, after: KubeObject | null): boolean {
  if (before === null) return true;
  const limits = limitsOf(after as CSINode);
  for (const [driver, limit] of limitsOf(before as CSINode))
    if ((limits.get(driver) ?? Number.POSITIVE_INFINITY) > limit) return true;
  return false;
}
