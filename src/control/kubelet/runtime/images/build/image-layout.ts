import { gzipSync } from 'node:zlib';
import { bytesDigest } from '../../../../../host/digest.js';
import { type ArchiveEntry, packTar } from '../../../../../host/tar-archive.js';

/** An image of one layer that is to be written. */
export interface NewImage {
  /** Whole, with its tag. */
  readonly name: string;
  /** As the OCI image specification names it: `amd64`. */
  readonly architecture: string;
  readonly files: readonly ArchiveEntry[];
  /** What containers are given, in the names of the specification: `Cmd`, `Env`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A file of a layout, by its path in it. */
export interface LayoutFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const mediaType = 'application/vnd.oci.image';

/** The files of an OCI image layout (image-layout.md) that has these images. The same images give the same bytes. */
export async function imageLayout(images: readonly NewImage[]): Promise<readonly LayoutFile[]> {
  const blobs = new Map<string, LayoutFile>();
  const put = (type: string, bytes: Uint8Array) => {
    const digest = bytesDigest(bytes);
    const path = `blobs/${digest.replace(':', '/')}`;
    blobs.set(path, { path, bytes });
    return { mediaType: `${mediaType}.${type}`, digest, size: bytes.length };
  };
  const manifests: object[] = [];
  for (const { name, architecture, files, config } of images) {
    const layer = await packTar(files);
    const rootfs = { type: 'layers', diff_ids: [bytesDigest(layer)] };
    const manifest = {
      schemaVersion: 2,
      mediaType: `${mediaType}.manifest.v1+json`,
      config: put('config.v1+json', json({ architecture, os: 'linux', config, rootfs })),
      layers: [put('layer.v1.tar+gzip', gzipSync(layer, { level: 1 }))],
    };
    manifests.push({
      ...put('manifest.v1+json', json(manifest)),
      platform: { architecture, os: 'linux' },
      annotations: {
        'io.containerd.image.name': name,
        'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
      },
    });
  }
  const index = { schemaVersion: 2, mediaType: `${mediaType}.index.v1+json`, manifests };
  return [
    { path: 'oci-layout', bytes: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', bytes: json(index) },
    ...blobs.values(),
  ];
}

/** A layout as one tar file. */
export function layoutArchive(files: readonly LayoutFile[]): Promise<Uint8Array> {
  return packTar(
    files.map(({ path, bytes }) => ({ path, mode: 0o644, content: { kind: 'file', bytes } })),
  );
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
