import { join } from 'node:path';
import { assert } from '../../../../base/assert.js';
import { fileDigest, textDigest } from '../../../../host/digest.js';
import {
  fileFacts,
  listNames,
  makeDirectory,
  readTextIfPresent,
  removeTree,
  renameFile,
  type TreeSize,
  treeSize,
  writeTextAtomically,
} from '../../../../host/state-files.js';
import { unpackTar } from '../../../../host/tar-tree.js';
import type { ImageState } from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { type ArchivedImage, findArchivedImages, isUnpacked } from './archive-images.js';
import { formatImageName, type ImageName, parseImageName } from './image-name.js';
import type { UnpackedImage } from './image-source.js';
import { defaultsOf, diffIdsOf, type StoredImage } from './stored-image.js';

/** The images of a node, unpacked: an index, and one directory of files per image that nobody writes to. */
export class ImageStore {
  readonly #directory: string;
  readonly #architecture: string;
  /** Of the directories of files, by name. */
  readonly #sizes = new Map<string, Promise<TreeSize>>();
  #work: Promise<unknown> = Promise.resolve();

  /** `architecture` as images name it: `amd64`. */
  constructor(directory: string, architecture: string) {
    this.#directory = directory;
    this.#architecture = architecture;
  }

  get directory(): string {
    return this.#directory;
  }

  /** Takes in the images of an OCI layout or of an archive that `docker save` wrote, as a file or unpacked. Resolves with their names. */
  async import(path: string): Promise<readonly string[]> {
    if (await isUnpacked(path)) return this.#importDirectory(path);
    const unpacked = await this.#scratch();
    try {
      await unpackTar(path, unpacked, { isLayer: false });
      return await this.#importDirectory(unpacked);
    } finally {
      await removeTree(unpacked);
    }
  }

  async list(): Promise<readonly ImageState[]> {
    return (await this.#index()).map(stateOf);
  }

  /** By a name, whole or as pods shorten it, by a digest or by an id. */
  async find(image: string): Promise<StoredImage | null> {
    const name = parseImageName(image);
    const whole = name === null ? image : formatImageName(name);
    const images = await this.#index();
    return (
      images.find(({ id, tags, digests }) =>
        [id, ...tags, ...digests].some((known) => known === image || known === whole),
      ) ?? null
    );
  }

  async status(image: string): Promise<ImageState | null> {
    const found = await this.find(image);
    return found === null ? null : stateOf(found);
  }

  async unpacked(ref: string): Promise<UnpackedImage | null> {
    const found = await this.find(ref);
    if (found === null) return null;
    return { ref: found.id, rootfs: this.#rootfs(found.rootfs), defaults: found.defaults };
  }

  /** Forgets an image and its names, and removes its files. One that is not here is no error. */
  async remove(ref: string): Promise<void> {
    const found = await this.find(ref);
    if (found === null) return;
    await this.#change((images) => images.filter(({ id }) => id !== found.id));
    const isShared = (await this.#index()).some(({ rootfs }) => rootfs === found.rootfs);
    if (!isShared) await removeTree(this.#rootfs(found.rootfs));
  }

  /** Gives an image that is here more names. */
  async addNames(id: string, name: ImageName, manifestDigest: string): Promise<void> {
    const found = await this.find(id);
    assert(found !== null, 'the image is here');
    const tags = name.tag === '' ? [] : [formatImageName(name)];
    const more = { ...found, tags, digests: digestNames([name], manifestDigest) };
    await this.#change((images) => withImage(images, more));
  }

  async usage(): Promise<{ path: string; usedBytes: number; usedInodes: number }> {
    const names = await listNames(join(this.#directory, 'rootfs'));
    for (const name of this.#sizes.keys()) if (!names.includes(name)) this.#sizes.delete(name);
    const rest = await treeSize(this.#directory, { except: 'rootfs' });
    const sizes = await Promise.all(names.map((name) => this.#sizeOf(name)));
    const sum = (field: 'bytes' | 'count') =>
      sizes.reduce((total, size) => total + size[field], rest[field]);
    return { path: this.#directory, usedBytes: sum('bytes'), usedInodes: sum('count') };
  }

  /** Measured once: nobody writes there. */
  #sizeOf(rootfs: string): Promise<TreeSize> {
    const known = this.#sizes.get(rootfs);
    if (known !== undefined) return known;
    const size = treeSize(this.#rootfs(rootfs));
    this.#sizes.set(rootfs, size);
    return size;
  }

  async #importDirectory(directory: string): Promise<readonly string[]> {
    const names: string[] = [];
    for (const image of await findArchivedImages(directory, this.#architecture)) {
      names.push(...(await this.add(image)).tags);
    }
    return names;
  }

  /** Unpacks an image and writes it into the index under its names, which others lose. Rejects when a digest is not what it says. */
  async add(image: ArchivedImage, origin: StoredImage['origin'] = 'import'): Promise<StoredImage> {
    const text = await readTextIfPresent(image.configPath);
    if (text === null) throw new RuntimeError('failed', 'the archive lacks a configuration');
    const id = textDigest(text);
    if (image.configDigest !== null && image.configDigest !== id) {
      throw new RuntimeError('failed', `the configuration is ${id}, not ${image.configDigest}`);
    }
    const configuration: unknown = parseConfiguration(text);
    const rootfs = await this.#unpackLayers(image.layers, diffIdsOf(configuration));
    const names = image.names.flatMap((name) => parseImageName(name) ?? []);
    const tags = names.filter(({ tag }) => tag !== '').map(formatImageName);
    const stored: StoredImage = {
      ...{ id, tags, origin },
      digests: image.manifestDigest === '' ? [] : digestNames(names, image.manifestDigest),
      sizeBytes: (await treeSize(this.#rootfs(rootfs))).bytes,
      rootfs,
      defaults: defaultsOf(configuration),
    };
    await this.#change((images) => withImage(images, stored));
    return stored;
  }

  /** Every layer over those before it, in a directory that appears when it is whole. Resolves with its name. */
  async #unpackLayers(
    layers: ArchivedImage['layers'],
    diffIds: readonly string[],
  ): Promise<string> {
    if (layers.length !== diffIds.length) {
      throw new RuntimeError('failed', `${layers.length} layers, but ${diffIds.length} diff ids`);
    }
    const name = textDigest(diffIds.join(' ')).slice('sha256:'.length);
    if ((await fileFacts(this.#rootfs(name))) !== null) return name;
    const scratch = await this.#scratch();
    try {
      for (const [index, layer] of layers.entries()) {
        await verifyLayer(layer);
        const unpacked = await unpackTar(layer.path, scratch, { isLayer: true }).catch(notUnpacked);
        // The directory's name says so: another image that has these layers is given it without being asked.
        if (unpacked !== diffIds[index]) {
          throw new RuntimeError('failed', `a layer is ${unpacked}, not ${diffIds[index]}`);
        }
      }
      await makeDirectory(join(this.#directory, 'rootfs'), 0o711);
      await renameFile(scratch, this.#rootfs(name)).catch(async (error: unknown) => {
        // Another import of the same layers was faster.
        if ((await fileFacts(this.#rootfs(name))) === null) throw error;
      });
    } finally {
      await removeTree(scratch);
    }
    return name;
  }

  #rootfs(name: string): string {
    return join(this.#directory, 'rootfs', name);
  }

  async #scratch(): Promise<string> {
    const parent = join(this.#directory, 'unpacking');
    await makeDirectory(parent);
    for (let number = (await listNames(parent)).length; ; number += 1) {
      const path = join(parent, String(number));
      if ((await fileFacts(path)) !== null) continue;
      await makeDirectory(path);
      return path;
    }
  }

  async #index(): Promise<readonly StoredImage[]> {
    const text = await readTextIfPresent(join(this.#directory, 'index.json'));
    return text === null ? [] : (JSON.parse(text) as StoredImage[]);
  }

  /** One change after the other, since each rewrites the index. */
  #change(change: (images: readonly StoredImage[]) => readonly StoredImage[]): Promise<void> {
    const changed = this.#work.then(async () => {
      const images = change(await this.#index());
      await writeTextAtomically(join(this.#directory, 'index.json'), JSON.stringify(images));
    });
    this.#work = changed.catch(() => undefined);
    return changed;
  }
}

function withImage(images: readonly StoredImage[], added: StoredImage): readonly StoredImage[] {
  const same = images.find(({ id }) => id === added.id);
  const others = images
    .filter(({ id }) => id !== added.id)
    .map((image) => ({ ...image, tags: image.tags.filter((tag) => !added.tags.includes(tag)) }));
  const merged = {
    ...added,
    tags: [...new Set([...(same?.tags ?? []), ...added.tags])],
    digests: [...new Set([...(same?.digests ?? []), ...added.digests])],
  };
  return [...others, merged];
}

function digestNames(names: readonly ImageName[], digest: string): string[] {
  return [...new Set(names.map((name) => formatImageName({ ...name, tag: '', digest })))];
}

function stateOf(image: StoredImage): ImageState {
  const [user = ''] = image.defaults.user.split(':', 1);
  const isNumber = /^\d+$/.test(user);
  return {
    ref: image.id,
    tags: image.tags,
    digests: image.digests,
    sizeBytes: image.sizeBytes,
    user: { uid: isNumber ? Number(user) : null, name: isNumber ? '' : user },
    isPinned: false,
  };
}

function parseConfiguration(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RuntimeError('failed', "an image's configuration is not JSON", { cause: error });
  }
}

/** A layer is there, and is what the manifest names where there is one. */
async function verifyLayer(layer: ArchivedImage['layers'][number]): Promise<void> {
  if ((await fileFacts(layer.path)) === null) {
    throw new RuntimeError('failed', 'the archive lacks a layer');
  }
  if (layer.digest === null) return;
  const digest = await fileDigest(layer.path);
  if (digest !== layer.digest) {
    throw new RuntimeError('failed', `a layer is ${digest}, not ${layer.digest}`);
  }
}

/** The archive is at fault, or the disk. */
function notUnpacked(error: Error): never {
  throw new RuntimeError('failed', `a layer cannot be unpacked: ${error.message}`, {
    cause: error,
  });
}
