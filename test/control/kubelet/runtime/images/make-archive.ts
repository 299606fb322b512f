import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

/** An entry of a layer; text makes it a file. */
export type LayerEntry = Partial<Header> & { readonly name: string } & {
  readonly content?: string | Buffer;
};

/** A layer as a tar archive. */
export async function makeTar(entries: readonly LayerEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Writes an OCI layout of one image into a directory. */
export async function makeLayout(
  directory: string,
  image: {
    readonly name: string;
    readonly layers: readonly (readonly LayerEntry[])[];
    readonly config?: object;
  },
): Promise<void> {
  const blobs = join(directory, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const put = async (mediaType: string, bytes: Buffer) => {
    const hex = hexDigest(bytes);
    await writeFile(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  const tars = await Promise.all(image.layers.map(makeTar));
  const type = 'application/vnd.oci.image';
  const layers = await Promise.all(
    tars.map((tar) => put(`${type}.layer.v1.tar+gzip`, gzipSync(tar))),
  );
  const config = await put(
    `${type}.config.v1+json`,
    json({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: image.config ?? {},
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${hexDigest(tar)}`) },
    }),
  );
  const mediaType = `${type}.manifest.v1+json`;
  const manifest = await put(mediaType, json({ schemaVersion: 2, mediaType, config, layers }));
  const annotations = { 'io.containerd.image.name': image.name };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  await writeFile(join(directory, 'index.json'), json(index));
  await writeFile(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
}

/** Writes what `docker save` writes, as a tar file. */
export async function makeDockerArchive(
  path: string,
  image: { readonly name: string; readonly layers: readonly (readonly LayerEntry[])[] },
): Promise<void> {
  const tars = await Promise.all(image.layers.map(makeTar));
  const config = json({
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${hexDigest(tar)}`) },
  });
  const Layers = tars.map((_, index) => `${index}/layer.tar`);
  const manifest = json([{ Config: 'config.json', RepoTags: [image.name], Layers }]);
  const whole = await makeTar([
    { name: 'config.json', content: config },
    { name: 'manifest.json', content: manifest },
    ...tars.map((content, index) => ({ name: `${index}/layer.tar`, content })),
  ]);
  await pipeline([whole], createWriteStream(path));
}

const applets = [
  'cat',
  'echo',
  'grep',
  'id',
  'ls',
  'nc',
  'pwd',
  'sh',
  'sleep',
  'stty',
  'test',
  'true',
  'touch',
  'wget',
  'hostname',
  'ip',
  'ping',
  'stat',
];

/** The layers of an image that has a static busybox and its usual names. */
export async function busyboxLayers(busybox: string): Promise<readonly LayerEntry[][]> {
  const directory = (name: string, mode = 0o755) =>
    ({ name, mode, type: 'directory' }) as LayerEntry;
  return [
    [
      ...['bin', 'etc', 'root', 'usr', 'var'].map((name) => directory(name)),
      directory('tmp', 0o1777),
      { name: 'bin/busybox', mode: 0o755, content: await readFile(busybox) },
      ...applets.map(
        (name) => ({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' }) as LayerEntry,
      ),
      {
        name: 'etc/passwd',
        content: 'root:x:0:0::/root:/bin/sh\nsomeone:x:1234:2345::/:/bin/sh\n',
      },
      { name: 'etc/group', content: 'root:x:0:\nsome:x:2345:\nextra:x:777:someone\n' },
    ],
  ];
}

function hexDigest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
