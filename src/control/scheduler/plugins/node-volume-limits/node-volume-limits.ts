import type { PersistentVolumeClaim, Pod } from '../../../api/gen/core-v1.js';
import type { CSINode, VolumeAttachment } from '../../../api/gen/storage-v1.js';
import { resources } from '../../../client/index.js';
import type { KubeObject } from '../../../machinery/object.js';
import type { NodeInfo } from '../../framework/node-info.js';
import type { Plugin } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { claimsOf, storageClassOf, usesClaim } from '../pod-claims.js';
import { failure, unschedulable } from '../statuses.js';

const tooMany = unschedulable('node(s) exceed max volume count');
const byNode = 'scheduler/volume-attachments-by-node';

/** Volumes by a name of their own, with the CSI driver that attaches them. */
type AttachedVolumes = Map<string, string>;

/** Nodes take as many volumes of a CSI driver as their CSINode says. */
export function nodeVolumeLimits(_args: unknown, { informers }: SchedulerHandle): Plugin {
  const csiNodes = informers.of(resources.csiNodes).lister;
  const claims = informers.of(resources.persistentVolumeClaims).lister;
  const volumes = informers.of(resources.persistentVolumes).lister;
  const classes = informers.of(resources.storageClasses).lister;
  const attachments = informers.of(resources.volumeAttachments, {
    indexes: { [byNode]: ({ spec }) => (spec?.nodeName === undefined ? [] : [spec.nodeName]) },
  }).lister;

  /** Adds the volume of a claim when a CSI driver attaches it, or will. */
  function addVolume(claim: PersistentVolumeClaim, attached: AttachedVolumes): void {
    const { namespace, name } = claim.metadata;
    const volumeName = claim.spec?.volumeName ?? '';
    const csi = volumeName === '' ? undefined : volumes.byKey(volumeName)?.spec?.csi;
    if (csi !== undefined) {
      attached.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver ?? '');
      return;
    }
    if (volumeName !== '' && volumes.byKey(volumeName) !== undefined) return;
    const provisioner = classes.byKey(storageClassOf(claim))?.provisioner;
    // Not there yet, but it will be a volume of its own.
    if (provisioner !== undefined) attached.set(`${provisioner}/${namespace}/${name}`, provisioner);
  }

  /** The name of a claim that is missing, null when all are there. */
  function addVolumes(pod: Pod, attached: AttachedVolumes): string | null {
    let missing: string | null = null;
    for (const { name } of claimsOf(pod)) {
      const claim = claims.get(pod.metadata.namespace ?? '', name);
      if (claim === undefined) missing ??= name;
      else addVolume(claim, attached);
    }
    return missing;
  }

  /** What the pods of a node use, and what is still attached to it. */
  function attachedTo({ name, pods }: NodeInfo): AttachedVolumes {
    const attached: AttachedVolumes = new Map();
    for (const { pod } of pods) if (pod.spec?.volumes !== undefined) addVolumes(pod, attached);
    for (const { spec } of attachments.byIndex(byNode, name)) {
      const csi = volumes.byKey(spec?.source?.persistentVolumeName ?? '')?.spec?.csi;
      if (csi !== undefined) attached.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver ?? '');
    }
    return attached;
  }

  return {
    name: 'NodeVolumeLimits',
    eventsToRegister: () => [
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
    ],
    preFilter: (_, { pod }) =>
      pod.spec?.volumes === undefined || claimsOf(pod).length === 0 ? 'skip' : null,
    filter(_, { pod }, node) {
      const wanted: AttachedVolumes = new Map();
      const missing = addVolumes(pod, wanted);
      if (missing !== null) {
        const text = `persistentvolumeclaim ${JSON.stringify(missing)} not found`;
        return failure(`looking up PVC ${pod.metadata.namespace}/${missing}: ${text}`);
      }
      const limits = limitsOf(csiNodes.byKey(node.name));
      if (wanted.size === 0 || limits.size === 0) return null;
      const attached = attachedTo(node);
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

function countByDriver(attached: AttachedVolumes): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const driver of attached.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1);
  return counts;
}

function limitsOf(csiNode: CSINode | undefined): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const { name = '', allocatable } of csiNode?.spec?.drivers ?? [])
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  return limits;
}

/** A driver is gone, and its limit with it, or takes more than before. */
function hasMoreRoom(before: KubeObject | null, after: KubeObject | null): boolean {
  if (before === null) return true;
  const limits = limitsOf(after as CSINode);
  for (const [driver, limit] of limitsOf(before as CSINode))
    if ((limits.get(driver) ?? Number.POSITIVE_INFINITY) > limit) return true;
  return false;
}
