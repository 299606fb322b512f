import type { ImageState } from '../container-runtime.js';
import type { UnpackedImage } from './image-source.js';

/** The reference of the image that is the node's own file system. */
export const hostImageRef = 'host';

/** Whether a pod asks for the node's own files: an image named `host`, of any tag. */
export function isHostImage(image: string): boolean {
  return /^(?:localhost\/)?host(?::[\w.-]+)?$/.test(image);
}

/** The node's own files as an image. They are the root under every container of it, and stay as they are. */
export const hostImage: UnpackedImage = {
  ref: hostImageRef,
  rootfs: '/',
  defaults: { entrypoint: [], command: [], env: [], workingDir: '/', user: '', stopSignal: '' },
};

/** How it is listed. It costs nothing and cannot be removed. */
export function hostImageState(tags: readonly string[]): ImageState {
  return {
    ref: hostImageRef,
    tags,
    digests: [],
    sizeBytes: 0,
    user: { uid: 0, name: '' },
    isPinned: true,
  };
}
