import type { ImageState } from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { hostImage, hostImageRef, hostImageState, isHostImage } from './host-image.js';
import type { ImageSource, UnpackedImage } from './image-source.js';

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
