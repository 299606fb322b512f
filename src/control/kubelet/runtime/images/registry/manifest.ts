import { listOf, recordOf } from '../stored-image.js';
import { RegistryError } from './registry-error.js';

/** A blob that a manifest names. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** What a reference stands for: an image, or the list of those of all platforms. */
export type Manifest =
  | ImageManifest
  | { readonly kind: 'index'; readonly manifests: readonly PlatformManifest[] };

/** What an image is made of. */
export interface ImageManifest {
  readonly kind: 'image';
  readonly config: Descriptor;
  /** In order. */
  readonly layers: readonly Descriptor[];
}

/** An entry of a list. */
export interface PlatformManifest extends Descriptor {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
}

/** OCI's and Docker's forms of the same. */
const imageTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** The value of `accept` with which manifests are asked for. */
export const manifestTypes: string = [...indexTypes, ...imageTypes].join(', ');

/** Reads what a registry gave for a reference. Throws RegistryError. */
export function parseManifest(bytes: Uint8Array, mediaType: string): Manifest {
  const document = recordOf(parse(bytes));
  const type = typeof document.mediaType === 'string' ? document.mediaType : mediaType;
  if (indexTypes.includes(type) || Array.isArray(document.manifests)) {
    return { kind: 'index', manifests: listOf(document.manifests).map(platformManifest) };
  }
  if (document.schemaVersion === 1 || !Array.isArray(document.layers)) {
    throw new RegistryError(`the manifest is of type ${JSON.stringify(type)}, which is not read`);
  }
  return {
    kind: 'image',
    config: descriptor(document.config),
    layers: document.layers.map(descriptor),
  };
}

/** The image of a list that is for this machine. Throws RegistryError. */
export function chooseManifest(
  manifests: readonly PlatformManifest[],
  architecture: string,
): PlatformManifest {
  const fitting = manifests.filter(
    (each) => each.os === 'linux' && each.architecture === architecture,
  );
  // 64-bit ARM is called v8 or nothing; of others the plain one runs on all.
  const found = fitting.find(({ variant }) => variant === '' || variant === 'v8') ?? fitting[0];
  if (found !== undefined) return found;
  throw new RegistryError(
    `no match for platform in manifest: linux/${architecture} is not among ${manifests.map((each) => `${each.os}/${each.architecture}`).join(', ')}`,
  );
}

/** Throws RegistryError for a layer that cannot be unpacked. */
export function checkLayer({ mediaType }: Descriptor): void {
  if (mediaType.endsWith('zstd')) {
    throw new RegistryError(
      'a layer is compressed with zstd, which the process runtime does not read: use an image with gzip layers, or containerd',
    );
  }
  if (/foreign|nondistributable/.test(mediaType)) return;
  if (/(?:\.tar|tar\+gzip|tar\.gzip|\.tar\+gzip)$/.test(mediaType)) return;
  throw new RegistryError(`a layer is of type ${JSON.stringify(mediaType)}, which is not read`);
}

function platformManifest(value: unknown): PlatformManifest {
  const platform = recordOf(recordOf(value).platform);
  const text = (name: string) => (typeof platform[name] === 'string' ? platform[name] : '');
  return {
    ...descriptor(value),
    ...{ os: text('os'), architecture: text('architecture'), variant: text('variant') },
  };
}

function descriptor(value: unknown): Descriptor {
  const { mediaType, digest, size } = recordOf(value);
  const isGood =
    typeof mediaType === 'string' &&
    typeof digest === 'string' &&
    /^sha256:[0-9a-f]{64}$/.test(digest) &&
    Number.isSafeInteger(size) &&
    Number(size) >= 0;
  if (isGood) return { mediaType, digest, size: Number(size) };
  throw new RegistryError('the manifest names a blob without a type, a sha256 digest and a size');
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new RegistryError('the manifest is not JSON', { cause });
  }
}
