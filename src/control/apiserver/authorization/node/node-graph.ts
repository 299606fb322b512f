import type { PersistentVolume, Pod } from '../../../api/gen/core-v1.js';
import type { ResourceSlice } from '../../../api/gen/resource-v1.js';
import type { VolumeAttachment } from '../../../api/gen/storage-v1.js';
import type { KubeObject } from '../../../machinery/object.js';
import { podReferences } from './pod-references.js';

/** Kinds of objects that a node reaches through its pods, and those that name their node. */
export type ReachedKind =
  | 'pods'
  | 'resourceslices'
  | 'secrets'
  | 'configmaps'
  | 'persistentvolumeclaims'
  | 'persistentvolumes'
  | 'serviceaccounts'
  | 'resourceclaims'
  | 'volumeattachments';

/** How often each node uses an object. */
type Uses = Map<string, number>;

/**
 * Which objects the pods of each node use. Whoever owns it feeds it with pods, volumes, attachments and slices; questions are a few
 * look-ups. Invariant: an object has an entry exactly as long as a pod, volume, attachment or slice leads to it.
 */
export class NodeGraph {
  /** By object: the nodes whose pods use it. */
  readonly #uses = new Map<string, Uses>();
  /** What each pod that is bound to a node contributes. */
  readonly #pods = new Map<
    string,
    { readonly node: string; readonly objects: readonly string[] }
  >();
  /** The claim that each bound volume belongs to, and the secrets that mounting it takes. */
  readonly #volumes = new Map<
    string,
    { readonly claim: string; readonly secrets: readonly string[] }
  >();
  /** Volumes whose mounting takes a secret, by secret. */
  readonly #volumesBySecret = new Map<string, Set<string>>();
  readonly #attachments = new Map<string, string>();
  readonly #slices = new Map<string, string>();

  /** Whether the object is the node's, or a pod of the node uses it, directly or through a claim's volume. */
  isReached(node: string, kind: ReachedKind, namespace: string, name: string): boolean {
    if (kind === 'pods') return this.#pods.get(`${namespace}/${name}`)?.node === node;
    if (kind === 'resourceslices') return this.#slices.get(name) === node;
    if (kind === 'volumeattachments') return this.#attachments.get(name) === node;
    if (kind === 'persistentvolumes') return this.#reachesVolume(node, name);
    const key = keyOf(kind, namespace, name);
    if (this.#uses.get(key)?.has(node)) return true;
    const volumes = kind === 'secrets' ? this.#volumesBySecret.get(key) : undefined;
    return (
      volumes !== undefined && [...volumes].some((volume) => this.#reachesVolume(node, volume))
    );
  }

  setPod(pod: Pod): void {
    const id = idOf(pod);
    const node = pod.spec?.nodeName ?? '';
    this.removePod(pod);
    if (node === '') return;
    // A pod that ended needs nothing any more.
    const hasEnded = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const objects = hasEnded ? [] : objectsOf(pod);
    this.#pods.set(id, { node, objects });
    for (const object of objects) {
      let uses = this.#uses.get(object);
      if (uses === undefined) {
        uses = new Map();
        this.#uses.set(object, uses);
      }
      uses.set(node, (uses.get(node) ?? 0) + 1);
    }
  }

  removePod(pod: KubeObject): void {
    const id = idOf(pod);
    const known = this.#pods.get(id);
    if (known === undefined) return;
    this.#pods.delete(id);
    for (const object of known.objects) {
      const uses = this.#uses.get(object);
      const count = (uses?.get(known.node) ?? 1) - 1;
      if (count > 0) uses?.set(known.node, count);
      else uses?.delete(known.node);
      if (uses?.size === 0) this.#uses.delete(object);
    }
  }

  setVolume(volume: PersistentVolume): void {
    const name = volume.metadata.name ?? '';
    this.removeVolume(volume);
    const claimRef = volume.spec?.claimRef;
    if (claimRef === undefined) return;
    const namespace = claimRef.namespace ?? '';
    const secrets = secretsOf(volume, namespace);
    this.#volumes.set(name, {
      claim: keyOf('persistentvolumeclaims', namespace, claimRef.name ?? ''),
      secrets,
    });
    for (const secret of secrets) {
      const volumes = this.#volumesBySecret.get(secret);
      if (volumes === undefined) this.#volumesBySecret.set(secret, new Set([name]));
      else volumes.add(name);
    }
  }

  removeVolume({ metadata }: KubeObject): void {
    const name = metadata.name ?? '';
    for (const secret of this.#volumes.get(name)?.secrets ?? []) {
      const volumes = this.#volumesBySecret.get(secret);
      volumes?.delete(name);
      if (volumes?.size === 0) this.#volumesBySecret.delete(secret);
    }
    this.#volumes.delete(name);
  }

  setAttachment({ metadata, spec }: VolumeAttachment): void {
    this.#attachments.set(metadata.name ?? '', spec?.nodeName ?? '');
  }

  removeAttachment({ metadata }: KubeObject): void {
    this.#attachments.delete(metadata.name ?? '');
  }

  setSlice({ metadata, spec }: ResourceSlice): void {
    const name = metadata.name ?? '';
    const node = spec?.nodeName ?? '';
    // Slices of several nodes are nobody's own.
    if (node === '') this.#slices.delete(name);
    else this.#slices.set(name, node);
  }

  removeSlice({ metadata }: KubeObject): void {
    this.#slices.delete(metadata.name ?? '');
  }

  #reachesVolume(node: string, name: string): boolean {
    const volume = this.#volumes.get(name);
    return volume !== undefined && this.#uses.get(volume.claim)?.has(node) === true;
  }
}

function objectsOf(pod: Pod): readonly string[] {
  const namespace = pod.metadata.namespace ?? '';
  const spec = pod.spec ?? {};
  const references = podReferences(spec, pod.metadata.name ?? '');
  const of = (kind: ReachedKind, names: Iterable<string>) =>
    [...names].map((name) => keyOf(kind, namespace, name));
  const claimNames = new Set<string>();
  for (const { name, resourceClaimName } of spec.resourceClaims ?? []) {
    const status = pod.status?.resourceClaimStatuses?.find((each) => each.name === name);
    const claim = resourceClaimName ?? status?.resourceClaimName;
    if (claim !== undefined) claimNames.add(claim);
  }
  const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName;
  if (extended !== undefined) claimNames.add(extended);
  return [
    ...of('secrets', references.secrets),
    ...of('configmaps', references.configMaps),
    ...of('persistentvolumeclaims', references.claims),
    ...of('resourceclaims', claimNames),
    ...of('serviceaccounts', spec.serviceAccountName ? [spec.serviceAccountName] : []),
  ];
}

/** Secrets that mounting a volume takes; without a namespace of their own they are in the claim's. */
function secretsOf({ spec }: PersistentVolume, claimNamespace: string): readonly string[] {
  const references: readonly ({ name?: string; namespace?: string } | undefined)[] = [
    spec?.cephfs?.secretRef,
    spec?.cinder?.secretRef,
    spec?.flexVolume?.secretRef,
    spec?.rbd?.secretRef,
    spec?.scaleIO?.secretRef,
    spec?.iscsi?.secretRef,
    spec?.storageos?.secretRef,
    spec?.csi?.nodePublishSecretRef,
    spec?.csi?.nodeStageSecretRef,
    spec?.csi?.nodeExpandSecretRef,
    spec?.azureFile === undefined
      ? undefined
      : {
          ...(spec.azureFile.secretName !== undefined && { name: spec.azureFile.secretName }),
          ...(spec.azureFile.secretNamespace !== undefined && {
            namespace: spec.azureFile.secretNamespace,
          }),
        },
  ];
  return references.flatMap((reference) =>
    reference?.name === undefined
      ? []
      : [keyOf('secrets', reference.namespace || claimNamespace, reference.name)],
  );
}

function keyOf(kind: ReachedKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

function idOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
