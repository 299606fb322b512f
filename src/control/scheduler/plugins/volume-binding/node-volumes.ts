import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../../api/gen/core-v1.js';
import type { StorageClass } from '../../../api/gen/storage-v1.js';
import type { Lister } from '../../../client/index.js';
import { storageClassOf } from '../pod-claims.js';
import { hasCapacity, isAllowedTopology, type StorageCapacities } from './storage-capacity.js';
import { type ClaimCandidates, isReachable, volumeOn } from './volume-match.js';

/** Names the node that a volume is to be made for; the provisioner waits for it, and takes it away when it fails. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';

/** A claim and what it could be bound to. */
export interface UnboundClaim {
  readonly claim: PersistentVolumeClaim;
  readonly candidates: ClaimCandidates;
}

/** The claims of a pod. */
export interface PodClaims {
  /** Volumes of bound claims; null for one that is not there. */
  readonly bound: readonly (PersistentVolume | null)[];
  /** Claims that are bound when the pod has a node, smallest first. */
  readonly unbound: readonly UnboundClaim[];
}

/** What is to be done so that the pod's volumes are there on a node. */
export interface NodeVolumes {
  readonly bindings: readonly {
    readonly claim: PersistentVolumeClaim;
    readonly volume: PersistentVolume;
  }[];
  /** Claims that volumes are made for. */
  readonly provisions: readonly PersistentVolumeClaim[];
}

/** Why the pod's volumes cannot be had on a node. */
export type VolumeConflict = 'other-nodes' | 'no-volumes' | 'no-space' | 'lost-volumes';

const nothingToDo: NodeVolumes = { bindings: [], provisions: [] };

/** Finds the volumes of pods on nodes. */
export class NodeVolumeFinder {
  readonly #classes: Lister<StorageClass>;
  readonly #capacities: StorageCapacities;

  constructor(classes: Lister<StorageClass>, capacities: StorageCapacities) {
    this.#classes = classes;
    this.#capacities = capacities;
  }

  /** What is to be done, or everything that stands against this node. An Error: the claims are wrong themselves. */
  find({ bound, unbound }: PodClaims, node: Node): NodeVolumes | readonly VolumeConflict[] | Error {
    const conflicts: VolumeConflict[] = [];
    const refused = bound.find((volume) => volume === null || !isReachable(volume, node));
    if (refused !== undefined) conflicts.push(refused === null ? 'lost-volumes' : 'other-nodes');
    if (unbound.length === 0) return conflicts.length > 0 ? conflicts : nothingToDo;
    const found = this.#findUnbound(unbound, node);
    if (found instanceof Error) return found;
    if (typeof found === 'string') conflicts.push(found);
    else if (conflicts.length === 0) return found;
    return conflicts;
  }

  #findUnbound(unbound: readonly UnboundClaim[], node: Node): NodeVolumes | VolumeConflict | Error {
    const provisions: PersistentVolumeClaim[] = [];
    const toMatch: UnboundClaim[] = [];
    for (const each of unbound) {
      const selected = each.claim.metadata.annotations?.[selectedNodeAnnotation];
      if (selected === undefined) toMatch.push(each);
      else if (selected === node.metadata.name) provisions.push(each.claim);
      else return 'no-volumes';
    }
    const bindings: NodeVolumes['bindings'][number][] = [];
    const taken = new Set<PersistentVolume>();
    for (const { claim, candidates } of toMatch) {
      const volume = volumeOn(candidates, node, taken);
      if (volume === null) {
        provisions.push(claim);
        continue;
      }
      taken.add(volume);
      bindings.push({ claim, volume });
    }
    for (const claim of provisions) {
      const refusal = this.#refusalToProvision(claim, node);
      if (refusal !== null) return refusal;
    }
    return { bindings, provisions };
  }

  #refusalToProvision(claim: PersistentVolumeClaim, node: Node): VolumeConflict | Error | null {
    const className = storageClassOf(claim);
    const { namespace, name } = claim.metadata;
    if (className === '')
      return new Error(`no class for claim ${JSON.stringify(`${namespace}/${name}`)}`);
    const storageClass = this.#classes.byKey(className);
    if (storageClass === undefined) {
      return new Error(`failed to find storage class ${JSON.stringify(className)}`);
    }
    const { provisioner = '' } = storageClass;
    if (provisioner === '' || provisioner === 'kubernetes.io/no-provisioner') return 'no-volumes';
    if (!isAllowedTopology(storageClass, node)) return 'no-volumes';
    return hasCapacity(this.#capacities, claim, storageClass, node) ? null : 'no-space';
  }
}
