import { join } from 'node:path';
import type { Clock } from '../../../../../base/clock.js';
import { bytesDigest } from '../../../../../host/digest.js';
import {
  fileFacts,
  listNames,
  makeDirectory,
  removeTree,
  writeTextAtomically,
} from '../../../../../host/state-files.js';
import type { WebClient } from '../../../../../rpc/index.js';
import type { ImageAuth } from '../../container-runtime.js';
import type { ImageName } from '../image-name.js';
import { formatImageName } from '../image-name.js';
import type { ImageStore } from '../image-store.js';
import { downloadBlob } from './blob-download.js';
import {
  checkLayer,
  chooseManifest,
  type Descriptor,
  type ImageManifest,
  type Manifest,
  manifestTypes,
  parseManifest,
} from './manifest.js';
import { type RegistryMirrors, registryEndpoints } from './registry-endpoint.js';
import { RegistryError } from './registry-error.js';
import { RegistrySession } from './registry-session.js';

/** What images are pulled with. */
export interface RegistryImagesParts {
  readonly store: ImageStore;
  readonly web: WebClient;
  readonly clock: Clock;
  /** As images name it: `amd64`. */
  readonly architecture: string;
  readonly mirrors: RegistryMirrors;
  readonly ca: string | null;
  readonly userAgent: string;
}

/** Layers of an image that are fetched at once. */
const layersAtOnce = 3;
/** What a broken pull left is kept so long, for the next to go on from. */
const leftoverMsMax = 86_400_000;

/** Pulls images from registries (OCI distribution specification) into the store of a node. */
export class RegistryImages {
  readonly #parts: RegistryImagesParts;
  /** Blobs on their way, by digest: two images that have one share it. */
  readonly #coming = new Map<string, Promise<void>>();
  /** By digest: pulls that need a layer's file. */
  readonly #uses = new Map<string, number>();

  constructor(parts: RegistryImagesParts) {
    this.#parts = parts;
  }

  /** Resolves with the image's id. Rejects with RegistryError, whose message is of the last place that was asked. */
  async pull(name: ImageName, auth: ImageAuth | null): Promise<string> {
    const { mirrors } = this.#parts;
    await this.#removeLeftovers();
    let failure: unknown = null;
    for (const endpoint of registryEndpoints(name.registry, mirrors)) {
      const where = { endpoint, repository: name.repository, auth };
      try {
        return await this.#pullFrom(new RegistrySession(this.#parts, where), name);
      } catch (error) {
        failure = error;
        if (!(error instanceof RegistryError)) throw error;
      }
    }
    throw failure;
  }

  async #pullFrom(session: RegistrySession, name: ImageName): Promise<string> {
    const { store } = this.#parts;
    const { image, digest } = await this.#manifest(session, name);
    const present = await store.find(image.config.digest);
    if (present !== null) {
      await store.addNames(present.id, name, digest);
      return present.id;
    }
    for (const layer of image.layers) checkLayer(layer);
    await makeDirectory(this.#downloads(), 0o700);
    const digests = new Set(image.layers.map((layer) => layer.digest));
    for (const each of digests) this.#uses.set(each, (this.#uses.get(each) ?? 0) + 1);
    let isDone = false;
    try {
      const id = await this.#fetchAndAdd(session, name, { image, digest });
      isDone = true;
      return id;
    } finally {
      for (const each of digests) {
        const left = (this.#uses.get(each) ?? 1) - 1;
        if (left > 0) this.#uses.set(each, left);
        else this.#uses.delete(each);
        // What a pull that failed has fetched is gone on from by the next.
        if (left === 0 && isDone) await removeTree(this.#blobPath({ digest: each }));
      }
    }
  }

  async #fetchAndAdd(
    session: RegistrySession,
    name: ImageName,
    { image, digest }: { readonly image: ImageManifest; readonly digest: string },
  ): Promise<string> {
    const config = await this.#config(session, image.config);
    await this.#fetchAll(session, image.layers);
    const configPath = join(this.#downloads(), `${hexOf(image.config)}.config`);
    await writeTextAtomically(configPath, config);
    const archived = {
      names: [formatImageName(name)],
      manifestDigest: digest,
      configPath,
      configDigest: image.config.digest,
      layers: image.layers.map((layer) => ({ path: this.#blobPath(layer), digest: layer.digest })),
    };
    const stored = await this.#parts.store.add(archived, 'registry');
    await removeTree(configPath);
    return stored.id;
  }

  /** The manifest for this machine, and the digest of what the name stands for. */
  async #manifest(session: RegistrySession, name: ImageName) {
    const { architecture } = this.#parts;
    const named = await this.#document(session, name.digest === '' ? name.tag : name.digest);
    if (named.manifest.kind === 'image') return { image: named.manifest, digest: named.digest };
    const chosen = chooseManifest(named.manifest.manifests, architecture);
    const inner = await this.#document(session, chosen.digest);
    if (inner.manifest.kind === 'image') return { image: inner.manifest, digest: named.digest };
    throw new RegistryError('a list of images is in a list of images');
  }

  async #document(
    session: RegistrySession,
    reference: string,
  ): Promise<{ manifest: Manifest; digest: string }> {
    const { bytes, mediaType } = await session.document({
      path: `manifests/${reference}`,
      headers: { accept: manifestTypes },
    });
    const digest = bytesDigest(bytes);
    if (reference.startsWith('sha256:') && reference !== digest) {
      throw new RegistryError(`the registry sends ${digest} for ${reference}`);
    }
    return { manifest: parseManifest(bytes, mediaType), digest };
  }

  async #config(session: RegistrySession, { digest }: Descriptor): Promise<string> {
    const { bytes } = await session.document({ path: `blobs/${digest}` });
    if (bytesDigest(bytes) === digest) return bytes.toString('utf8');
    throw new RegistryError(`the registry sends ${bytesDigest(bytes)} for ${digest}`);
  }

  async #fetchAll(session: RegistrySession, layers: readonly Descriptor[]): Promise<void> {
    const waiting = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
    const work = async () => {
      for (let layer = waiting.shift(); layer !== undefined; layer = waiting.shift()) {
        await this.#fetch(session, layer);
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: layersAtOnce }, work));
    const failed = workers.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #fetch(session: RegistrySession, layer: Descriptor): Promise<void> {
    const before = this.#coming.get(layer.digest);
    if (before !== undefined) {
      // What failed for another pull, maybe with other rights, is tried by this one.
      await before.catch(() => {});
      return this.#fetch(session, layer);
    }
    const path = this.#blobPath(layer);
    const coming = downloadBlob(session, layer, path, this.#parts.clock).finally(() =>
      this.#coming.delete(layer.digest),
    );
    this.#coming.set(layer.digest, coming);
    await coming;
  }

  async #removeLeftovers(): Promise<void> {
    const directory = this.#downloads();
    const oldest = this.#parts.clock.wallTime() - leftoverMsMax;
    for (const name of await listNames(directory)) {
      const facts = await fileFacts(join(directory, name));
      if (facts !== null && facts.modifiedAtMs < oldest) await removeTree(join(directory, name));
    }
  }

  #downloads(): string {
    return join(this.#parts.store.directory, 'downloads');
  }

  #blobPath(blob: Pick<Descriptor, 'digest'>): string {
    return join(this.#downloads(), hexOf(blob));
  }
}

function hexOf({ digest }: Pick<Descriptor, 'digest'>): string {
  return digest.slice('sha256:'.length);
}
