import type { ImageAuth, ImageState } from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { hostImage, hostImageRef, hostImageState, isHostImage } from './host-image.js';
import { type ImageName, parseImageName } from './image-name.js';
import type { ImageSource, UnpackedImage } from './image-source.js';
import type { ImageStore } from './image-store.js';

/** Where images come from that are not on the node. */
export interface ImagePuller {
  /** Resolves with the id. Rejects with RuntimeError. */
  pull(name: ImageName, auth: ImageAuth | null): Promise<string>;
}

/**
 * The images of the process runtime: the node's own files under the name `host`, and those that were imported, for which no registry is asked; others
 * are pulled. With `missing` as `host` every name that is not here is the node's own files too.
 */
export class NodeImages implements ImageSource {
  readonly #store: ImageStore;
  readonly #registries: ImagePuller;
  readonly #missing: 'pull' | 'host';
  /** The names by which the node's own files have been asked for. */
  readonly #hostNames = new Set<string>();

  constructor(parts: {
    readonly store: ImageStore;
    readonly registries: ImagePuller;
    readonly missing: 'pull' | 'host';
  }) {
    this.#store = parts.store;
    this.#registries = parts.registries;
    this.#missing = parts.missing;
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

  async pull(image: string, auth: ImageAuth | null): Promise<string> {
    const found = await this.#store.find(image);
    if (found !== null && found.origin !== 'registry') return found.id;
    if (isHostImage(image) || (found === null && this.#missing === 'host')) {
      this.#hostNames.add(image);
      return hostImageRef;
    }
    const name = parseImageName(image);
    if (name === null) {
      throw new RuntimeError(
        'image-pull',
        `failed to parse image reference "${image}": invalid reference format`,
      );
    }
    return this.#registries.pull(name, auth).catch((error: unknown) => {
      if (!(error instanceof RuntimeError)) throw error;
      // Whatever is wrong with it, the image cannot be had.
      throw new RuntimeError('image-pull', error.message, { cause: error });
    });
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
