import { join } from 'node:path';
import { fileFacts, readTextIfPresent } from '../../../../host/state-files.js';
import { RuntimeError } from '../runtime-error.js';
import { listOf, recordOf } from './stored-image.js';

/** An image that lies unpacked from an archive in a directory. */
export interface ArchivedImage {
  readonly names: readonly string[];
  /** Of the manifest; '' when the archive has none. */
  readonly manifestDigest: string;
  readonly configPath: string;
  readonly configDigest: string | null;
  /** In order, with their digests where the archive tells. */
  readonly layers: readonly { readonly path: string; readonly digest: string | null }[];
}

/** Finds the images of an OCI layout or of what `docker save` writes. Rejects with `failed` when it is neither or malformed. */
export async function findArchivedImages(
  directory: string,
  architecture: string,
): Promise<readonly ArchivedImage[]> {
  const docker = await readTextIfPresent(join(directory, 'manifest.json'));
  if (docker !== null) return listOf(parse(docker, 'manifest.json')).map(dockerImage(directory));
  const index = await readTextIfPresent(join(directory, 'index.json'));
  if (index === null) {
    throw new RuntimeError(
      'failed',
      'neither index.json nor manifest.json: not an archive of images',
    );
  }
  const images: ArchivedImage[] = [];
  for (const entry of listOf(recordOf(parse(index, 'index.json')).manifests)) {
    images.push(await layoutImage(directory, recordOf(entry), architecture));
  }
  return images;
}

function dockerImage(directory: string): (entry: unknown) => ArchivedImage {
  return (entry) => {
    const { Config, RepoTags, Layers } = recordOf(entry);
    return {
      names: listOf(RepoTags).map(String),
      manifestDigest: '',
      configPath: safeJoin(directory, String(Config)),
      configDigest: null,
      layers: listOf(Layers).map((path) => ({
        path: safeJoin(directory, String(path)),
        digest: null,
      })),
    };
  };
}

async function layoutImage(
  directory: string,
  entry: Readonly<Record<string, unknown>>,
  architecture: string,
): Promise<ArchivedImage> {
  const digest = String(entry.digest);
  const document = recordOf(parse(await readBlob(directory, digest), digest));
  const annotations = recordOf(entry.annotations);
  if (Array.isArray(document.manifests)) {
    const chosen = document.manifests
      .map(recordOf)
      .find(({ platform }) => recordOf(platform).architecture === architecture);
    if (chosen === undefined) {
      throw new RuntimeError('failed', `no image of '${digest}' is for ${architecture}`);
    }
    return layoutImage(directory, { ...chosen, annotations }, architecture);
  }
  const name =
    annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name'];
  const config = String(recordOf(document.config).digest);
  return {
    names: typeof name === 'string' ? [name] : [],
    manifestDigest: digest,
    configPath: blobPath(directory, config),
    configDigest: config,
    layers: listOf(document.layers).map((layer) => {
      const layerDigest = String(recordOf(layer).digest);
      return { path: blobPath(directory, layerDigest), digest: layerDigest };
    }),
  };
}

/** Where a layout keeps a blob. Throws for what is no digest. */
export function blobPath(directory: string, digest: string): string {
  const match = /^sha256:([0-9a-f]{64})$/.exec(digest);
  if (match === null) throw new RuntimeError('failed', `'${digest}' is not a sha256 digest`);
  return join(directory, 'blobs', 'sha256', match[1] ?? '');
}

async function readBlob(directory: string, digest: string): Promise<string> {
  const text = await readTextIfPresent(blobPath(directory, digest));
  if (text !== null) return text;
  throw new RuntimeError('failed', `the archive lacks '${digest}'`);
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RuntimeError('failed', `'${what}' is not JSON`, { cause: error });
  }
}

function safeJoin(directory: string, path: string): string {
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw new RuntimeError('failed', `the archive names '${path}', outside of itself`);
  }
  return join(directory, path);
}

/** Whether a path is a directory, which is then taken for an unpacked archive. */
export async function isUnpacked(path: string): Promise<boolean> {
  const facts = await fileFacts(path);
  if (facts === null) throw new RuntimeError('not-found', `no file '${path}'`);
  return facts.isDirectory;
}
