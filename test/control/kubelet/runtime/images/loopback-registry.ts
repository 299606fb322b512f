import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type LayerEntry, makeTar } from './make-archive.js';

/** A request that the registry was asked. */
export interface SeenRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** What a test changes: answers by itself and gives true, or leaves the request to the registry. */
export type Interception = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Serves manifests and blobs on loopback as the distribution specification says, and remembers what was asked. */
export class LoopbackRegistry {
  readonly seen: SeenRequest[] = [];
  readonly #server: Server;
  readonly #blobs = new Map<string, Buffer>();
  /** By repository and reference. */
  readonly #manifests = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
  intercept: Interception = () => false;

  private constructor() {
    this.#server = createServer((request, response) => {
      const { range, authorization } = request.headers;
      this.seen.push({ path: request.url ?? '', range, authorization });
      if (!this.intercept(request, response)) this.#serve(request, response);
    });
  }

  static async start(): Promise<LoopbackRegistry> {
    const registry = new LoopbackRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  /** As images name it. */
  get name(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often a path was asked for that has this in it. */
  count(part: string): number {
    return this.seen.filter(({ path }) => path.includes(part)).length;
  }

  /** Keeps a blob; gives its digest. */
  putBlob(bytes: Buffer): string {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return digest;
  }

  /** Keeps a manifest under a tag and its digest; gives that. */
  putManifest(repository: string, tag: string, type: string, document: object): string {
    const bytes = Buffer.from(JSON.stringify(document));
    const manifest = { type, bytes };
    this.#manifests.set(`${repository}/${tag}`, manifest);
    this.#manifests.set(`${repository}/${digestOf(bytes)}`, manifest);
    return digestOf(bytes);
  }

  /** Keeps an image of some layers. */
  async putImage(
    repository: string,
    tag: string,
    layers: readonly (readonly LayerEntry[])[],
    options: { readonly kind?: 'oci' | 'docker'; readonly diffIds?: readonly string[] } = {},
  ): Promise<{ manifest: string; config: string; layers: string[]; size: number }> {
    const isDocker = options.kind === 'docker';
    const tars = await Promise.all(layers.map(makeTar));
    const diffIds = options.diffIds ?? tars.map(digestOf);
    const packed = tars.map((tar) => gzipSync(tar));
    const digests = packed.map((bytes) => this.putBlob(bytes));
    const config = Buffer.from(
      JSON.stringify({
        ...{ architecture: 'amd64', os: 'linux', config: { Cmd: ['/x'] } },
        rootfs: { type: 'layers', diff_ids: diffIds },
      }),
    );
    const [manifestType, configType, layerType] = isDocker
      ? [dockerManifest, 'application/vnd.docker.container.image.v1+json', dockerLayer]
      : [ociManifest, 'application/vnd.oci.image.config.v1+json', ociLayer];
    const manifest = this.putManifest(repository, tag, manifestType, {
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: configType, digest: this.putBlob(config), size: config.length },
      layers: digests.map((digest, index) => ({
        ...{ mediaType: layerType, digest, size: packed[index]?.length ?? 0 },
      })),
    });
    const size = packed.reduce((sum, { length }) => sum + length, 0);
    return { manifest, config: digestOf(config), layers: digests, size };
  }

  /** What a blob has become, whatever it is called. */
  tamper(digest: string, bytes: Buffer): void {
    this.#blobs.set(digest, bytes);
  }

  blob(digest: string): Buffer {
    return this.#blobs.get(digest) ?? Buffer.alloc(0);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const [, repository = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
    if (kind === 'manifests') {
      const manifest = this.#manifests.get(`${repository}/${reference}`);
      if (manifest === undefined) {
        refuse(response, 404, 'MANIFEST_UNKNOWN');
        return;
      }
      response.writeHead(200, { 'content-type': manifest.type });
      response.end(manifest.bytes);
      return;
    }
    const blob = this.#blobs.get(reference);
    if (blob === undefined) {
      refuse(response, 404, 'BLOB_UNKNOWN');
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    if (from > 0) {
      response.writeHead(206, {
        'content-range': `bytes ${from}-${blob.length - 1}/${blob.length}`,
      });
    }
    response.end(blob.subarray(from));
  }
}

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const ociLayer = 'application/vnd.oci.image.layer.v1.tar+gzip';
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerLayer = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

/** Answers as registries refuse. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(
    JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] }),
  );
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
