import { hostPathRemovalPrefix, removesHostPath } from '../../api/core-v1/host-path-cleaning.js';
import type { Node, PersistentVolume } from '../../api/gen/core-v1.js';
import { hostPathProvisioner, provisionedBy } from '../volumes/annotations.js';

/** Holds a volume until its folders are gone. */
export const hostPathFinalizer = 'flotilla.dev/host-path';

/** On a volume that is going: the nodes, with commas, that were asked to remove its folder. */
export const askedNodes = 'flotilla.dev/host-path-removal-asked';

/** What is to be done for a volume. */
export type CleanerAction =
  | { readonly kind: 'hold' }
  /** The nodes first, then the volume, which says who was asked. */
  | { readonly kind: 'ask'; readonly nodes: readonly string[]; readonly path: string }
  | { readonly kind: 'let-go' }
  | { readonly kind: 'wait' };

/** A volume of the provisioner that is to go with its claim is held until the nodes that may have a folder of it have removed it. Pure. */
export function planCleaning(volume: PersistentVolume, nodes: Iterable<Node>): CleanerAction {
  const { annotations = {}, deletionTimestamp, finalizers = [], name = '' } = volume.metadata;
  const isHeld = finalizers.includes(hostPathFinalizer);
  const isDeletable = volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
  const path = volume.spec?.hostPath?.path ?? '';
  if (deletionTimestamp === undefined) {
    const isOurs = annotations[provisionedBy] === hostPathProvisioner && path !== '';
    return isOurs && isDeletable && !isHeld ? { kind: 'hold' } : { kind: 'wait' };
  }
  if (!isHeld) return { kind: 'wait' };
  if (!isDeletable) return { kind: 'let-go' };
  const all = [...nodes];
  const asked = annotations[askedNodes];
  if (asked === undefined) {
    const targets = all.filter((node) => mayHave(volume, node) && removesHostPath(node, path));
    if (targets.length === 0) return { kind: 'let-go' };
    return { kind: 'ask', nodes: targets.map(nameOf).sort(), path };
  }
  const mark = removalMark(name);
  const isUnderWay = all.some(
    (node) =>
      asked.split(',').includes(nameOf(node)) && node.metadata.annotations?.[mark] !== undefined,
  );
  return { kind: isUnderWay ? 'wait' : 'let-go' };
}

/** The annotation by which a node is asked to remove the folder of a volume. */
export function removalMark(volumeName: string): string {
  return `${hostPathRemovalPrefix}${volumeName}`;
}

/** The provisioner makes volumes for one node, which it names by its host name, or for any. */
function mayHave({ spec }: PersistentVolume, { metadata }: Node): boolean {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return true;
  const own = metadata.labels?.['kubernetes.io/hostname'] ?? metadata.name ?? '';
  return terms.some(({ matchExpressions = [] }) =>
    matchExpressions.some(
      ({ key, values = [] }) => key === 'kubernetes.io/hostname' && values.includes(own),
    ),
  );
}

function nameOf({ metadata }: Node): string {
  return metadata.name ?? '';
}
