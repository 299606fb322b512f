import type { ImageAuth, ImageState } from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { hostImage, hostImageRef, hostImageState, isHostImage } from './host-image.js';
import type { ImageSource, UnpackedImage } from './image-source.js';
import type { ImageStore } from './image-store.js';

/**
 * The images of the process runtime: the node's own files under the name `host`, and those that were imported. With
 * `missing` as `host` every other name is the node's own files too; else it is an error.
 */
export class NodeImages implements ImageSource {
  readonly #store: ImageStore;
  readonly #missing: 'pull' | 'host';
  /** The names by which the node's own files have been asked for. */
  readonly #hostNames = new Set<string>();

  constructor(store: ImageStore, missing: 'pull' | 'host') {
    this.#store = store;
    this.#missing = missing;
  }

  async list(): Promise<readonly ImageState[]> {
    return [hostImageState([...this.#hostNames].sort()), ...(await this.#store.list())];
  }

  async status(image: string): Promise<ImageState | null> {
    if (image === hostImageRef || isHostImage(image) || this.#hostNames.has(image)) {
      return hostImageState([image]);
    }
    return this.#store.status(image);
  }

  async pull(image: string, _auth: ImageAuth | null): Promise<string> {
    const found = await this.#store.find(image);
    if (found !== null) return found.id;
    if (isHostImage(image) || this.#missing === 'host') {
      this.#hostNames.add(image);
      return hostImageRef;
    }
    throw new RuntimeError(
      'image-pull',
      `failed to pull image "${image}": it has not been imported on this node (flotilla image import), and the process runtime does not pull from registries`,
    );
  }

  async remove(ref: string): Promise<void> {
    if (ref === hostImageRef || this.#hostNames.delete(ref)) return;
    await this.#store.remove(ref);
  }

  async unpacked(ref: string): Promise<UnpackedImage | null> {
    return ref === hostImageRef ? hostImage : this.#store.unpacked(ref);
  }

  fileSystem() {
    return this.#store.usage();
  }
}
