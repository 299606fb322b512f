import type { NodeFiles } from '../../../host/node-files.js';
import type { ImageVolumeSource, PersistentVolume, Pod, Volume } from '../../api/gen/core-v1.js';
import { Quantity } from '../../machinery/quantity.js';
import type { FieldPlace } from '../container/fields.js';
import type { PodPaths } from '../container/pod-paths.js';
import type { VolumeUsage } from '../kubelet-view.js';
import { writeAtomically } from './atomic-files.js';
import { prepareHostPath } from './host-path.js';
import { objectVolumeFiles } from './object-volume.js';
import type { ReferencedObjects } from './referenced-objects.js';
import type { TokenSource } from './token-source.js';
import { VolumeError } from './volume-error.js';

/** A volume that is there. */
export interface PreparedVolume {
  /** '' of an image. */
  readonly hostPath: string;
  /** The volume is an image, which is pulled for the container that mounts it. */
  readonly image?: ImageVolumeSource;
  readonly isReadonly: boolean;
}

/** The volumes of pods, as those who run containers need them. */
export interface PodVolumes {
  /** Sets all volumes of a pod up, and brings those that are up to date; by name. Rejects with VolumeError. */
  prepare(
    pod: Pod,
    options: { readonly place: FieldPlace; readonly ageMsMax: number },
  ): Promise<ReadonlyMap<string, PreparedVolume>>;
  /** Takes what is left of a pod's volumes away. */
  tearDown(uid: string): Promise<void>;
  usage(pod: Pod): Promise<readonly VolumeUsage[]>;
}

/** What volumes are made with. */
export interface NodeVolumesParts {
  readonly files: NodeFiles;
  readonly paths: PodPaths;
  readonly objects: ReferencedObjects;
  readonly tokens: TokenSource;
  readonly nodeName: string;
  readonly allocatable: () => Readonly<Record<string, string>>;
}

/** Volumes in folders of the node. */
export class NodeVolumes implements PodVolumes {
  readonly #parts: NodeVolumesParts;

  constructor(parts: NodeVolumesParts) {
    this.#parts = parts;
  }

  async prepare(
    pod: Pod,
    options: { readonly place: FieldPlace; readonly ageMsMax: number },
  ): Promise<ReadonlyMap<string, PreparedVolume>> {
    const prepared = new Map<string, PreparedVolume>();
    for (const volume of pod.spec?.volumes ?? []) {
      const { name = '' } = volume;
      try {
        prepared.set(name, await this.#prepareOne(pod, volume, options));
      } catch (cause) {
        throw new VolumeError(name, cause instanceof Error ? cause.message : String(cause), {
          cause,
        });
      }
    }
    return prepared;
  }

  async tearDown(uid: string): Promise<void> {
    const { files, paths, tokens } = this.#parts;
    tokens.forget(uid);
    const memory = paths.volume(uid, 'empty-dir', '').replace(/\/$/, '');
    for (const name of await files.list(memory)) await files.unmount(`${memory}/${name}`);
    await files.remove(paths.volumes(uid));
  }

  async usage(pod: Pod): Promise<readonly VolumeUsage[]> {
    const { files, paths } = this.#parts;
    const { uid = '', namespace = '' } = pod.metadata;
    const found: VolumeUsage[] = [];
    for (const { name = '', persistentVolumeClaim, emptyDir } of pod.spec?.volumes ?? []) {
      if (emptyDir === undefined) continue;
      const path = paths.volume(uid, 'empty-dir', name);
      if ((await files.kindOf(path)) === null) continue;
      const [space, used] = await Promise.all([files.spaceOf(path), files.usageOf(path)]);
      const claim =
        persistentVolumeClaim === undefined
          ? null
          : { namespace, name: persistentVolumeClaim.claimName ?? '' };
      found.push({ ...space, name, claim, usedBytes: used.bytes });
    }
    return found;
  }

  async #prepareOne(
    pod: Pod,
    volume: Volume,
    options: { readonly place: FieldPlace; readonly ageMsMax: number },
  ): Promise<PreparedVolume> {
    const { files, paths } = this.#parts;
    const { uid = '' } = pod.metadata;
    const { name = '', emptyDir, hostPath, persistentVolumeClaim, ephemeral } = volume;
    if (emptyDir !== undefined) return this.#prepareEmptyDir(pod, volume);
    if (volume.image !== undefined) return { hostPath: '', image: volume.image, isReadonly: true };
    if (hostPath !== undefined) {
      return { hostPath: await prepareHostPath(files, hostPath), isReadonly: false };
    }
    if (persistentVolumeClaim !== undefined) {
      const { claimName = '', readOnly = false } = persistentVolumeClaim;
      return this.#prepareClaim(pod, claimName, readOnly);
    }
    if (ephemeral !== undefined) {
      return this.#prepareClaim(pod, `${pod.metadata.name}-${name}`, false);
    }
    const allocatable = this.#parts.allocatable();
    const content = objectVolumeFiles(pod, volume, { ...this.#parts, ...options, allocatable });
    if (content === null) {
      const [kind = 'nothing'] = Object.keys(volume).filter((key) => key !== 'name');
      throw new Error(`volumes of kind ${kind} are not supported by this node`);
    }
    const dir = paths.volume(uid, kindName(volume), name);
    const wanted = await content;
    await files.makeDir(dir, 0o755);
    const isChanged = await writeAtomically(files, dir, wanted);
    if (isChanged) await this.#giveToGroup(pod, dir, false);
    return { hostPath: dir, isReadonly: true };
  }

  async #prepareEmptyDir(pod: Pod, { name = '', emptyDir = {} }: Volume): Promise<PreparedVolume> {
    const { files, paths } = this.#parts;
    const dir = paths.volume(pod.metadata.uid ?? '', 'empty-dir', name);
    if ((await files.kindOf(dir)) === 'directory') return { hostPath: dir, isReadonly: false };
    const { medium = '', sizeLimit } = emptyDir;
    if (medium !== '' && medium !== 'Memory') {
      throw new Error(`emptyDir medium ${JSON.stringify(medium)} is not supported by this node`);
    }
    await files.makeDir(dir, 0o777);
    if (medium === 'Memory') {
      const size =
        sizeLimit === undefined ? null : Number(Quantity.parse(String(sizeLimit)).value());
      await files.mountMemory(dir, size);
    }
    await files.setMode(dir, 0o777);
    await this.#giveToGroup(pod, dir, true);
    return { hostPath: dir, isReadonly: false };
  }

  async #prepareClaim(pod: Pod, claimName: string, isReadonly: boolean): Promise<PreparedVolume> {
    const { objects, files } = this.#parts;
    const { namespace = '' } = pod.metadata;
    const claim = await objects.claim(namespace, claimName);
    if (claim === null) {
      throw new Error(`persistentvolumeclaim ${JSON.stringify(claimName)} not found`);
    }
    const { volumeName = '' } = claim.spec ?? {};
    if (volumeName === '' || claim.status?.phase !== 'Bound') {
      throw new Error(`persistentvolumeclaim ${JSON.stringify(claimName)} is not bound`);
    }
    const volume = await objects.volume(volumeName);
    if (volume === null) {
      throw new Error(`persistentvolume ${JSON.stringify(volumeName)} not found`);
    }
    const path = await pathOf(files, volume);
    await this.#giveToGroup(pod, path, true);
    return { hostPath: path, isReadonly };
  }

  /** Where the process may not, the files stay as they are: containers then run as the kubelet's own user anyhow. */
  async #giveToGroup({ spec }: Pod, dir: string, isWritable: boolean): Promise<void> {
    const group = spec?.securityContext?.fsGroup;
    if (group === undefined) return;
    await this.#parts.files.giveToGroup(dir, group, isWritable).catch((error: Error) => {
      if (!/not permitted/.test(error.message)) throw error;
    });
  }
}

function kindName({ configMap, secret, downwardAPI }: Volume): string {
  if (configMap !== undefined) return 'configmap';
  if (secret !== undefined) return 'secret';
  return downwardAPI === undefined ? 'projected' : 'downward-api';
}

/** Where the files of a persistent volume are on this node. Rejects with Error. */
async function pathOf(
  files: NodeFiles,
  { metadata, spec = {} }: PersistentVolume,
): Promise<string> {
  const { hostPath, local } = spec;
  if (hostPath !== undefined) return prepareHostPath(files, hostPath);
  if (local !== undefined) {
    const { path = '' } = local;
    if ((await files.kindOf(path)) === null) {
      throw new Error(`path ${JSON.stringify(path)} does not exist`);
    }
    return path;
  }
  throw new Error(
    `persistent volume ${JSON.stringify(metadata.name)} is neither a hostPath nor a local volume`,
  );
}
