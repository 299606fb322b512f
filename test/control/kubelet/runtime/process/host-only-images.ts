import type { ImageState } from '../../../../../src/control/kubelet/runtime/container-runtime.js';
import {
  hostImage,
  hostImageRef,
  hostImageState,
  isHostImage,
} from '../../../../../src/control/kubelet/runtime/images/host-image.js';
import type {
  ImageSource,
  UnpackedImage,
} from '../../../../../src/control/kubelet/runtime/images/image-source.js';
import { RuntimeError } from '../../../../../src/control/kubelet/runtime/runtime-error.js';

/** Every image is the node's own files, whatever its name: for nodes whose pods bring commands and no images. */
export class HostOnlyImages implements ImageSource {
  readonly #tags = new Set<string>();

  async list(): Promise<readonly ImageState[]> {
    return [hostImageState([...this.#tags].sort())];
  }

  async status(image: string): Promise<ImageState | null> {
    return image === hostImageRef || isHostImage(image) || this.#tags.has(image)
      ? hostImageState([image])
      : null;
  }

  async pull(image: string): Promise<string> {
    this.#tags.add(image);
    return hostImageRef;
  }

  async remove(ref: string): Promise<void> {
    throw new RuntimeError('failed', `image "${ref}" is the node's own files and stays`);
  }

  async unpacked(ref: string): Promise<UnpackedImage | null> {
    return ref === hostImageRef ? hostImage : null;
  }

  async fileSystem() {
    return { path: '/', usedBytes: 0, usedInodes: 0 };
  }
}
