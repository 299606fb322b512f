import type { Node, PersistentVolume, Pod } from '../../../api/gen/core-v1.js';
import type { StorageClass } from '../../../api/gen/storage-v1.js';
import { resources } from '../../../client/index.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import { labelOf } from '../../../machinery/labels.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { Plugin, PluginStatus } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { claimsOf, storageClassOf, usesClaim } from '../pod-claims.js';
import { unresolvable } from '../statuses.js';

const name = 'VolumeZone';
const filterKey = `PreFilter${name}`;
const otherZone = unresolvable('node(s) had no available volume zone');

/** Labels of volumes and nodes; those of old are also met by their successors. */
const successors: ReadonlyMap<string, string> = new Map([
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
]);
const topologyLabels = [...successors.keys(), ...successors.values()];

/** Where a volume is by one label. */
interface VolumeTopology {
  readonly label: string;
  readonly values: readonly string[];
}

class VolumeTopologies implements StateData {
  readonly list: readonly VolumeTopology[];

  constructor(list: readonly VolumeTopology[]) {
    this.list = list;
  }

  clone(): this {
    return this;
  }
}

/** Volumes with labels of a zone or region are used on nodes of the same. */
export function volumeZone(_args: unknown, handle: SchedulerHandle): Plugin {
  const findVolumes = boundVolumes(handle);
  return {
    name,
    eventsToRegister: () => [
      {
        resource: 'StorageClass',
        actions: ['add'],
        hint: (_, { after }) => (isDelayed(after as StorageClass) ? 'queue' : 'skip'),
      },
      { resource: 'Node', actions: ['add', 'update-node-label'] },
      {
        resource: 'PersistentVolumeClaim',
        actions: ['add', 'update'],
        hint: ({ pod }, { after }) =>
          usesClaim(pod, after?.metadata.namespace, after?.metadata.name) ? 'queue' : 'skip',
      },
      {
        resource: 'PersistentVolume',
        actions: ['add', 'update'],
        hint: (_, { before, after }) =>
          before !== null && deepEqual(topologiesOf(before), topologiesOf(after))
            ? 'skip'
            : 'queue',
      },
    ],
    preFilter(state, { pod }) {
      if (pod.spec?.volumes === undefined) return 'skip';
      const volumes = findVolumes(pod);
      if ('code' in volumes) return volumes;
      const topologies = volumes.flatMap(topologiesOf);
      if (topologies.length === 0) return 'skip';
      state.write(filterKey, new VolumeTopologies(topologies));
      return null;
    },
    filter(state, _, { node }) {
      const { list } = state.read<VolumeTopologies>(filterKey);
      // A cluster of one zone may have no labels at all.
      if (!topologyLabels.some((label) => hasLabel(node, label))) return null;
      return list.every((topology) => isThere(topology, node)) ? null : otherZone;
    },
  };
}

function hasLabel({ metadata }: Node, label: string): boolean {
  return labelOf(metadata.labels, label) !== undefined;
}

function isThere({ label, values }: VolumeTopology, { metadata }: Node): boolean {
  const value =
    labelOf(metadata.labels, label) ?? labelOf(metadata.labels, successors.get(label) ?? label);
  return value !== undefined && values.includes(value);
}

function topologiesOf(volume: Pick<PersistentVolume, 'metadata'> | null): VolumeTopology[] {
  return topologyLabels.flatMap((label) => {
    const value = labelOf(volume?.metadata.labels, label);
    if (value === undefined) return [];
    const values = value.split('__').map((each) => each.trim());
    // A label with an empty zone in it is not taken for one.
    return values.includes('') ? [] : [{ label, values }];
  });
}

/** Finds the volumes of the pod's claims, without those that are bound when the pod has a node; or says why not. */
function boundVolumes({
  informers,
}: SchedulerHandle): (pod: Pod) => readonly PersistentVolume[] | PluginStatus {
  const claims = informers.of(resources.persistentVolumeClaims).lister;
  const volumes = informers.of(resources.persistentVolumes).lister;
  const classes = informers.of(resources.storageClasses).lister;
  return (pod) => {
    const found: PersistentVolume[] = [];
    for (const { name: claimName, isEphemeral } of claimsOf(pod)) {
      if (isEphemeral) continue;
      if (claimName === '') return unresolvable('PersistentVolumeClaim had no name');
      const claim = claims.get(pod.metadata.namespace ?? '', claimName);
      if (claim === undefined) return notFound('persistentvolumeclaim', claimName);
      const volumeName = claim.spec?.volumeName ?? '';
      if (volumeName === '') {
        const refusal = refusalOfUnbound(storageClassOf(claim), (key) => classes.byKey(key));
        if (refusal !== null) return refusal;
        continue;
      }
      const volume = volumes.byKey(volumeName);
      if (volume === undefined) return notFound('persistentvolume', volumeName);
      found.push(volume);
    }
    return found;
  };
}

function refusalOfUnbound(
  className: string,
  classOf: (name: string) => StorageClass | undefined,
): PluginStatus | null {
  if (className === '') {
    return unresolvable('PersistentVolumeClaim had no pv name and storageClass name');
  }
  const storageClass = classOf(className);
  if (storageClass === undefined) return notFound('storageclass.storage.k8s.io', className);
  if (storageClass.volumeBindingMode === undefined) {
    const text = `VolumeBindingMode not set for StorageClass ${JSON.stringify(className)}`;
    return unresolvable(text);
  }
  return isDelayed(storageClass) ? null : unresolvable('PersistentVolume had no name');
}

function isDelayed({ volumeBindingMode }: StorageClass): boolean {
  return volumeBindingMode === 'WaitForFirstConsumer';
}

function notFound(kind: string, objectName: string): PluginStatus {
  return unresolvable(`${kind} ${JSON.stringify(objectName)} not found`);
}
