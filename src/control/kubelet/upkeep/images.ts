import type { FileSystemSpace } from '../../../host/node-files.js';
import { volumeImagesOf } from '../pods/runtime-labels.js';
import type { ContainerRuntime, ContainerState, ImageState } from '../runtime/container-runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';

/** When images are removed, and until when. */
export interface ImageThresholds {
  readonly imageHighPercent: number;
  readonly imageLowPercent: number;
  readonly imageAgeMsMin: number;
}

/** How long an image has been known, and when a container of it was seen last. */
interface ImageUse {
  readonly seenAtMs: number;
  usedAtMs: number;
}

/** Removes images that nobody uses when the disk runs full, those that were used longest ago first. */
export class ImageUpkeep {
  readonly #runtime: ContainerRuntime;
  readonly #thresholds: ImageThresholds;
  readonly #uses = new Map<string, ImageUse>();

  constructor(runtime: ContainerRuntime, thresholds: ImageThresholds) {
    this.#runtime = runtime;
    this.#thresholds = thresholds;
  }

  /**
   * Looks at what there is, and removes what must go. Resolves with how many bytes should have been freed and were not, 0 when all is well.
   * Rejects with RuntimeError.
   */
  async collect(
    space: FileSystemSpace,
    containers: readonly ContainerState[],
    nowMs: number,
  ): Promise<number> {
    const images = await this.#runtime.listImages();
    this.#note(images, containers, nowMs);
    const { imageHighPercent, imageLowPercent } = this.#thresholds;
    const usedPercent = 100 * (1 - space.availableBytes / Math.max(1, space.capacityBytes));
    if (imageHighPercent >= 100 || usedPercent < imageHighPercent) return 0;
    const wanted = (space.capacityBytes * (100 - imageLowPercent)) / 100 - space.availableBytes;
    return Math.max(0, wanted - (await this.free(wanted, containers, nowMs, images)));
  }

  /** Removes unused images until so much is freed; resolves with how much was. */
  async free(
    bytes: number,
    containers: readonly ContainerState[],
    nowMs: number,
    known?: readonly ImageState[],
  ): Promise<number> {
    const images = known ?? (await this.#runtime.listImages());
    const order = removable(images, containers)
      .map((image) => ({ image, use: this.#uses.get(image.ref) }))
      .filter(
        ({ use }) => use !== undefined && nowMs - use.seenAtMs >= this.#thresholds.imageAgeMsMin,
      )
      .sort((a, b) => (a.use?.usedAtMs ?? 0) - (b.use?.usedAtMs ?? 0));
    let freed = 0;
    for (const { image } of order) {
      if (freed >= bytes) break;
      try {
        await this.#runtime.removeImage(image.ref);
        freed += image.sizeBytes;
        this.#uses.delete(image.ref);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
      }
    }
    return freed;
  }

  #note(images: readonly ImageState[], containers: readonly ContainerState[], nowMs: number): void {
    const inUse = imagesOf(containers);
    const refs = new Set(images.map(({ ref }) => ref));
    for (const ref of this.#uses.keys()) if (!refs.has(ref)) this.#uses.delete(ref);
    for (const { ref } of images) {
      const use = this.#uses.get(ref) ?? { seenAtMs: nowMs, usedAtMs: 0 };
      if (inUse.has(ref)) use.usedAtMs = nowMs;
      this.#uses.set(ref, use);
    }
  }
}

/** Images that no container uses and that are not pinned. Pure. */
export function removable(
  images: readonly ImageState[],
  containers: readonly ContainerState[],
): readonly ImageState[] {
  const used = imagesOf(containers);
  return images.filter(
    ({ ref, tags, digests, isPinned }) =>
      !isPinned && ![ref, ...tags, ...digests].some((name) => used.has(name)),
  );
}

/** By all names that containers have for them; what is a volume of one is in use too. */
function imagesOf(containers: readonly ContainerState[]): ReadonlySet<string> {
  return new Set(
    containers.flatMap(({ image, imageRef, annotations }) => [
      ...[image, imageRef],
      ...volumeImagesOf(annotations),
    ]),
  );
}
