import type { NodeFiles } from '../../../host/node-files.js';
import type { Pod, VolumeMount } from '../../api/gen/core-v1.js';
import { ContainerConfigError } from '../container/config-error.js';
import { mountOf } from '../container/container-config.js';
import { expand } from '../container/expand.js';
import type { ImagePuller } from '../container/image-puller.js';
import type { PodPaths } from '../container/pod-paths.js';
import type { ImageMount, MountConfig } from '../runtime/container-runtime.js';
import type { PreparedVolume } from '../volumes/pod-volumes.js';
import type { PodContainer } from './container-list.js';

/** What mounts are made with. */
export interface ContainerMountsParts {
  readonly files: NodeFiles;
  readonly paths: PodPaths;
  readonly images: Pick<ImagePuller, 'ensure'>;
}

/** What a container is made in. */
export interface MountsPlace {
  readonly pod: Pod;
  readonly attempt: number;
  readonly volumes: ReadonlyMap<string, PreparedVolume>;
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

const plainMount = { isReadonly: false, propagation: 'private' } as const;

/** What containers see of the node: their volumes, `/etc/hosts`, the file for their last words. */
export class ContainerMounts {
  readonly #parts: ContainerMountsParts;

  constructor(parts: ContainerMountsParts) {
    this.#parts = parts;
  }

  /** Rejects with ContainerConfigError, with ImageError for a volume that is an image, or the system's error. */
  async of(container: PodContainer, where: MountsPlace): Promise<readonly MountConfig[]> {
    const { files, paths } = this.#parts;
    const { spec, name } = container;
    const { uid = '' } = where.pod.metadata;
    const mounts: MountConfig[] = [];
    for (const mount of spec.volumeMounts ?? [])
      mounts.push(await this.#ofVolume(container, mount, where));
    if (!mounts.some(({ containerPath }) => containerPath === '/etc/hosts')) {
      const hostPath = paths.hostsFile(uid);
      mounts.push({ ...plainMount, containerPath: '/etc/hosts', hostPath });
    }
    const log = paths.terminationLog(uid, name, where.attempt);
    await files.makeDir(log.slice(0, log.lastIndexOf('/')), 0o755);
    await files.writeWhole(log, new Uint8Array(), 0o666);
    const containerPath = spec.terminationMessagePath ?? '/dev/termination-log';
    mounts.push({ ...plainMount, containerPath, hostPath: log });
    return mounts;
  }

  async #ofVolume(
    { name, spec }: PodContainer,
    mount: VolumeMount,
    { pod, volumes, env }: MountsPlace,
  ): Promise<MountConfig> {
    const volume = volumes.get(mount.name ?? '');
    if (volume === undefined) {
      throw new ContainerConfigError(
        `cannot find volume ${JSON.stringify(mount.name)} to mount into container ${JSON.stringify(name)}`,
      );
    }
    const subPath = subPathOf(mount, env);
    if (volume.image !== undefined) {
      const image = await this.#image(pod, volume.image, subPath);
      return { ...mountOf(mount, spec, ''), isReadonly: true, image };
    }
    const made = mountOf(mount, spec, await this.#subPath(volume, subPath));
    return { ...made, isReadonly: made.isReadonly || volume.isReadonly };
  }

  async #image(
    pod: Pod,
    { reference = '', pullPolicy }: Required<PreparedVolume>['image'],
    subPath: string,
  ): Promise<ImageMount> {
    const wanted = { image: reference, policy: pullPolicy, fieldPath: '' };
    return { ref: await this.#parts.images.ensure(pod, wanted), subPath };
  }

  async #subPath({ hostPath }: PreparedVolume, subPath: string): Promise<string> {
    if (subPath === '') return hostPath;
    const { files } = this.#parts;
    const path = `${hostPath}/${subPath}`;
    if ((await files.kindOf(path)) === null) {
      await files.makeDir(path, 0o755).catch((error: Error) => {
        throw new ContainerConfigError(
          `failed to prepare subPath for volumeMount: ${error.message}`,
        );
      });
    }
    return path;
  }
}

/** Throws ContainerConfigError when it leaves its volume. */
function subPathOf(
  { subPath = '', subPathExpr = '' }: VolumeMount,
  env: MountsPlace['env'],
): string {
  const values = new Map(env.map(({ name, value }) => [name, value]));
  const path = subPathExpr === '' ? subPath : expand(subPathExpr, (name) => values.get(name));
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw new ContainerConfigError(`subPath ${JSON.stringify(path)} leaves its volume`);
  }
  return path;
}
