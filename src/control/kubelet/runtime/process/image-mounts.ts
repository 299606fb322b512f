import { join } from 'node:path';
import { resolveInside } from '../../../../host/inside-root.js';
import type { ContainerConfig, MountConfig } from '../container-runtime.js';
import type { ImageSource } from '../images/image-source.js';
import { RuntimeError } from '../runtime-error.js';

/** A configuration whose mounts of images are places of the node: an image's files are unpacked there. Rejects with RuntimeError. */
export async function withImagesInPlace(
  config: ContainerConfig,
  images: Pick<ImageSource, 'unpacked'>,
): Promise<ContainerConfig> {
  if (config.mounts.every(({ image }) => image === undefined)) return config;
  return {
    ...config,
    mounts: await Promise.all(config.mounts.map((each) => inPlace(each, images))),
  };
}

async function inPlace(
  mount: MountConfig,
  images: Pick<ImageSource, 'unpacked'>,
): Promise<MountConfig> {
  const { image, ...rest } = mount;
  if (image === undefined) return mount;
  const unpacked = await images.unpacked(image.ref);
  if (unpacked === null) {
    throw new RuntimeError('not-found', `the image ${image.ref} of a volume is not on this node`);
  }
  const path = await resolveInside(unpacked.rootfs, image.subPath);
  if (path === null) {
    throw new RuntimeError(
      'failed',
      `failed to mount image volume at "${mount.containerPath}": "${image.subPath}" in the image: no such file or directory`,
    );
  }
  return { ...rest, hostPath: join(unpacked.rootfs, path), isReadonly: true };
}
