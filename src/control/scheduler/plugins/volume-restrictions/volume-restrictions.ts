import type { PersistentVolumeClaim, Pod, Volume } from '../../../api/gen/core-v1.js';
import { resources } from '../../../client/index.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { NodeInfo, PodInfo } from '../../framework/node-info.js';
import type { Plugin } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { claimsOf, usesClaim } from '../pod-claims.js';
import { unresolvable, unschedulable } from '../statuses.js';
import { conflicts, isExclusive } from './disk-conflict.js';

const name = 'VolumeRestrictions';
const filterKey = `PreFilter${name}`;
const diskConflict = unschedulable('node(s) had no available disk');
const claimConflict = unschedulable(
  'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
);

/** Disks that only one pod of a node may use, and claims that only one pod of the cluster may use. */
export function volumeRestrictions(_args: unknown, handle: SchedulerHandle): Plugin {
  const claims = handle.informers.of(resources.persistentVolumeClaims).lister;
  return {
    name,
    eventsToRegister: () => [
      {
        resource: 'AssignedPod',
        actions: ['delete'],
        hint: ({ pod }, { before }) => (frees(before as Pod | null, pod) ? 'queue' : 'skip'),
      },
      { resource: 'Node', actions: ['add'] },
      {
        resource: 'PersistentVolumeClaim',
        actions: ['add', 'update'],
        hint: ({ pod }, { after }) =>
          usesClaim(pod, after?.metadata.namespace, after?.metadata.name) ? 'queue' : 'skip',
      },
    ],
    preFilter(state, { pod }, { all }) {
      const disks = (pod.spec?.volumes ?? []).filter(isExclusive);
      const exclusive: string[] = [];
      for (const claim of claimsOf(pod)) {
        if (claim.isEphemeral) continue;
        const found = claims.get(pod.metadata.namespace ?? '', claim.name);
        if (found === undefined) {
          return unresolvable(`persistentvolumeclaim ${JSON.stringify(claim.name)} not found`);
        }
        if (isForOnePod(found)) exclusive.push(claim.name);
      }
      if (disks.length + exclusive.length === 0) return 'skip';
      const uses = exclusive.length === 0 ? 0 : usesOf(exclusive, pod, all);
      state.write(filterKey, new Restrictions(disks, exclusive, uses));
      return null;
    },
    addPod(state, { pod }, added) {
      state.read<Restrictions>(filterKey).suppose(pod, added, 1);
      return null;
    },
    removePod(state, { pod }, removed) {
      state.read<Restrictions>(filterKey).suppose(pod, removed, -1);
      return null;
    },
    filter(state, _, node) {
      const restrictions = state.read<Restrictions>(filterKey);
      if (restrictions.hasDiskConflict(node)) return diskConflict;
      return restrictions.exclusiveUses > 0 ? claimConflict : null;
    },
  };
}

/** What the filter asks in one cycle. */
class Restrictions implements StateData {
  readonly #disks: readonly Volume[];
  /** Claims of the pod that only one pod may use. */
  readonly #exclusive: readonly string[];
  /** How many uses of them there are by other pods. */
  exclusiveUses: number;

  constructor(disks: readonly Volume[], exclusive: readonly string[], exclusiveUses: number) {
    this.#disks = disks;
    this.#exclusive = exclusive;
    this.exclusiveUses = exclusiveUses;
  }

  clone(): Restrictions {
    return new Restrictions(this.#disks, this.#exclusive, this.exclusiveUses);
  }

  suppose(pod: Pod, other: PodInfo, change: 1 | -1): void {
    this.exclusiveUses += change * usesBy(this.#exclusive, pod, other);
  }

  hasDiskConflict({ pods }: NodeInfo): boolean {
    return this.#disks.some((disk) => pods.some(({ pod }) => conflicts(disk, pod)));
  }
}

function isForOnePod({ spec }: PersistentVolumeClaim): boolean {
  return spec?.accessModes?.includes('ReadWriteOncePod') ?? false;
}

function usesOf(names: readonly string[], pod: Pod, nodes: readonly NodeInfo[]): number {
  let uses = 0;
  for (const { pods } of nodes) for (const other of pods) uses += usesBy(names, pod, other);
  return uses;
}

function usesBy(names: readonly string[], { metadata }: Pod, { pod }: PodInfo): number {
  return names.filter((claim) => usesClaim(pod, metadata.namespace, claim)).length;
}

/** Whether a pod that is gone used a disk or a claim of the waiting one. */
function frees(gone: Pod | null, waiting: Pod): boolean {
  if (gone === null) return true;
  const disks = (waiting.spec?.volumes ?? []).filter(isExclusive);
  if (disks.some((disk) => conflicts(disk, gone))) return true;
  return claimsOf(waiting).some((claim) => usesClaim(gone, waiting.metadata.namespace, claim.name));
}
