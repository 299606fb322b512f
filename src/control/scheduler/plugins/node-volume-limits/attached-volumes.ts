import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../api/gen/core-v1.js';
import type { StorageClass, VolumeAttachment } from '../../../api/gen/storage-v1.js';
import { type Lister, resources, type SharedInformers } from '../../../client/index.js';
import type { NodeInfo } from '../../framework/node-info.js';
import { claimsOf, storageClassOf } from '../pod-claims.js';

/** Volumes by a name of their own, with the CSI driver that attaches them. */
export type AttachedVolumes = Map<string, string>;

const byNode = 'scheduler/volume-attachments-by-node';

/** Tells which volumes CSI drivers attach for pods, and to nodes. */
export class VolumeAttachments {
  readonly #claims: Lister<PersistentVolumeClaim>;
  readonly #volumes: Lister<PersistentVolume>;
  readonly #classes: Lister<StorageClass>;
  readonly #attachments: Lister<VolumeAttachment>;

  constructor(informers: SharedInformers) {
    this.#claims = informers.of(resources.persistentVolumeClaims).lister;
    this.#volumes = informers.of(resources.persistentVolumes).lister;
    this.#classes = informers.of(resources.storageClasses).lister;
    this.#attachments = informers.of(resources.volumeAttachments, {
      indexes: { [byNode]: ({ spec }) => (spec?.nodeName === undefined ? [] : [spec.nodeName]) },
    }).lister;
  }

  /** Adds the volumes of a pod. Returns the name of a claim that is missing, null when all are there. */
  addOf(pod: Pod, attached: AttachedVolumes): string | null {
    let missing: string | null = null;
    for (const { name } of claimsOf(pod)) {
      const claim = this.#claims.get(pod.metadata.namespace ?? '', name);
      if (claim === undefined) missing ??= name;
      else this.#addOfClaim(claim, attached);
    }
    return missing;
  }

  /** What the pods of a node use, and what is still attached to it. */
  attachedTo({ name, pods }: NodeInfo): AttachedVolumes {
    const attached: AttachedVolumes = new Map();
    for (const { pod } of pods) if (pod.spec?.volumes !== undefined) this.addOf(pod, attached);
    for (const { spec } of this.#attachments.byIndex(byNode, name))
      this.#addVolume(this.#volumes.byKey(spec?.source?.persistentVolumeName ?? ''), attached);
    return attached;
  }

  /** Adds the volume of a claim when a CSI driver attaches it, or will. */
  #addOfClaim(claim: PersistentVolumeClaim, attached: AttachedVolumes): void {
    const { namespace, name } = claim.metadata;
    const volume = this.#volumes.byKey(claim.spec?.volumeName ?? '');
    if (volume !== undefined) {
      this.#addVolume(volume, attached);
      return;
    }
    const provisioner = this.#classes.byKey(storageClassOf(claim))?.provisioner;
    // Not there yet, but it will be a volume of its own.
    if (provisioner !== undefined) attached.set(`${provisioner}/${namespace}/${name}`, provisioner);
  }

  #addVolume(volume: PersistentVolume | undefined, attached: AttachedVolumes): void {
    const csi = volume?.spec?.csi;
    if (csi !== undefined) attached.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver ?? '');
  }
}

/** How many volumes each driver attaches. */
export function countByDriver(attached: AttachedVolumes): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const driver of attached.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1);
  return counts;
}
