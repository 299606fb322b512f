import type { Pod } from '../../../api/gen/core-v1.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { NodeInfo } from '../../framework/node-info.js';
import type { Plugin } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { maxScore } from '../normalize-scores.js';
import { PerTemplate } from '../per-template.js';

const name = 'ImageLocality';
const scoreKey = `PreScore${name}`;
const megabyte = 2 ** 20;
/** Less than that is fetched in no time. */
const sumMin = 23 * megabyte;
/** More than that, for each image of the pod, makes no difference. */
const sumMaxPerImage = 1000 * megabyte;

/** Prefers nodes that have the images of the pod already; an image that few nodes have counts little, so that they are not overrun. */
export function imageLocality(_args: unknown, handle: SchedulerHandle): Plugin {
  const images = new PerTemplate(({ pod }) => imagesOf(pod));
  return {
    name,
    preScore(state, pod, nodes) {
      const wanted = images.of(pod);
      const present = presentOn(nodes, wanted);
      if (present.size === 0) return 'skip';
      const { all } = handle.snapshot();
      const shares = new Map([...present].map((image) => [image, shareOf(image, all)]));
      state.write(scoreKey, new ImageShares(wanted, shares));
      return null;
    },
    score: (state, _, node) => state.read<ImageShares>(scoreKey).score(node),
  };
}

/** Those of the images that any of the nodes has. */
function presentOn(nodes: readonly NodeInfo[], images: readonly string[]): ReadonlySet<string> {
  const present = new Set<string>();
  for (const { imageSizes } of nodes) {
    if (imageSizes.size === 0) continue;
    for (const image of images) if (imageSizes.has(image)) present.add(image);
  }
  return present;
}

/** The part of all nodes that have an image. */
function shareOf(image: string, nodes: readonly NodeInfo[]): number {
  let count = 0;
  for (const { imageSizes } of nodes) if (imageSizes.has(image)) count++;
  return count / nodes.length;
}

class ImageShares implements StateData {
  readonly #images: readonly string[];
  /** From 0 to 1, by image; without those that no node has. */
  readonly #shares: ReadonlyMap<string, number>;

  constructor(images: readonly string[], shares: ReadonlyMap<string, number>) {
    this.#images = images;
    this.#shares = shares;
  }

  clone(): this {
    return this;
  }

  score({ imageSizes }: NodeInfo): number {
    let sum = 0;
    for (const image of this.#images) {
      const size = imageSizes.get(image);
      if (size !== undefined) sum += Math.trunc(size * (this.#shares.get(image) ?? 0));
    }
    const sumMax = sumMaxPerImage * this.#images.length;
    const within = Math.min(Math.max(sum, sumMin), sumMax);
    return Math.floor((maxScore * (within - sumMin)) / (sumMax - sumMin));
  }
}

/** Of containers of both kinds and of image volumes. */
function imagesOf({ spec }: Pod): readonly string[] {
  return [
    ...(spec?.initContainers ?? []).map(({ image }) => image),
    ...(spec?.containers ?? []).map(({ image }) => image),
    ...(spec?.volumes ?? []).flatMap(({ image }) => (image === undefined ? [] : [image.reference])),
  ].map((image = '') => withTag(image));
}

/** As nodes name images: with a tag. */
function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
