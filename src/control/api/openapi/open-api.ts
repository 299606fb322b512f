import { createHash } from 'node:crypto';
import type { JsonObject } from '../../machinery/json.js';
import { descriptionsText } from '../gen/descriptions-data.js';
import { enumsJson } from '../gen/enums-data.js';
import { schemaJson } from '../gen/schema-data.js';
import type { Scheme, ServedResource } from '../scheme.js';
import { customSchemas } from './custom-schemas.js';
import { discoveryOperations } from './discovery-operations.js';
import { openApiDocument } from './document.js';
import { encodeDocumentV2 } from './document-v2-protobuf.js';
import { mergeDocumentsV2 } from './merge-documents.js';
import type { ApiOperation } from './operation.js';
import { resourceOperations } from './resource-operations.js';

/** The bytes of a document, and what names them: another document has another. */
export interface OpenApiBytes {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/** One part of the API: a version of a group, or a document of the server. */
interface Part {
  readonly name: string;
  readonly operations: ApiOperation[];
  readonly custom: ServedResource[];
}

const encoder = new TextEncoder();
const formats = ['json', 'protobuf'] as const;

/**
 * The OpenAPI documents of a scheme. Each is made when it is first asked for and kept until the scheme changes; a version of a group
 * that is the same after a change is not made again.
 */
export class OpenApi {
  readonly #scheme: Scheme;
  readonly #serverVersion: string;
  /** By what the index calls them: `api/v1`, `apis/apps/v1`. */
  #parts: ReadonlyMap<string, Part> | undefined;
  readonly #documents = new Map<string, OpenApiBytes>();
  readonly #hashes = new WeakMap<Part, string>();
  /** Documents of OpenAPI 2 of other servers. */
  #others: readonly JsonObject[] = [];
  /** Documents of what is built in: they never change. */
  readonly #lasting = new Map<string, OpenApiBytes>();

  /** Listens to the scheme for as long as it lives. */
  constructor(scheme: Scheme, { serverVersion }: { readonly serverVersion: string }) {
    this.#scheme = scheme;
    this.#serverVersion = serverVersion;
    scheme.onChange(() => {
      this.#parts = undefined;
      this.#documents.clear();
    });
  }

  /** Other servers' documents of OpenAPI 2, which are part of the one of everything; those that count most first. */
  setOthers(documents: readonly JsonObject[]): void {
    this.#others = documents;
    for (const format of formats) this.#documents.delete(`v2 ${format}`);
  }

  /** `/openapi/v3`: the path of every document, with its hash. */
  index(): JsonObject {
    const paths: Record<string, JsonObject> = {};
    for (const part of this.#allParts().values()) {
      const url = `/openapi/v3/${part.name}?hash=${this.#hashOf(part)}`;
      paths[part.name] = { serverRelativeURL: url };
    }
    return { paths };
  }

  /** The document of OpenAPI 3 that the index calls so, in JSON; undefined when there is none. */
  version3(name: string): OpenApiBytes | undefined {
    const part = this.#allParts().get(name);
    if (part === undefined) return undefined;
    const cache = part.custom.length === 0 ? this.#lasting : this.#documents;
    return keep(cache, name, () => {
      const bytes = encoder.encode(JSON.stringify(this.#document(3, part)));
      return { bytes, hash: this.#hashOf(part) };
    });
  }

  /** The document of OpenAPI 2 of everything, also of what other servers serve. */
  version2(format: (typeof formats)[number]): OpenApiBytes {
    return keep(this.#documents, `v2 ${format}`, () => {
      const parts = [...this.#allParts().values()];
      const operations = parts.flatMap((part) => part.operations);
      const custom = parts.flatMap((part) => part.custom);
      const own = this.#document(2, { name: '', operations, custom });
      const document = this.#others.length === 0 ? own : mergeDocumentsV2(own, this.#others);
      const bytes =
        format === 'json' ? encoder.encode(JSON.stringify(document)) : encodeDocumentV2(document);
      return { bytes, hash: hashOf(bytes) };
    });
  }

  /** Of what a document is made of: it need not be made to know it. */
  #hashOf(part: Part): string {
    return keep(this.#hashes, part, () => {
      const { operations, custom } = part;
      const schemas = custom.map((resource) => [...customSchemas(resource, 3)]);
      const facts = [this.#serverVersion, factsHash(), operations, schemas];
      return hashOf(JSON.stringify(facts));
    });
  }

  #document(version: 2 | 3, part: Part): JsonObject {
    return openApiDocument(version, { ...part, serverVersion: this.#serverVersion });
  }

  #allParts(): ReadonlyMap<string, Part> {
    this.#parts ??= partsOf(this.#scheme);
    return this.#parts;
  }
}

function partsOf(scheme: Scheme): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  const groups = scheme.groups();
  for (const operation of discoveryOperations(groups))
    partOf(parts, operation).operations.push(operation);
  for (const { versions } of groups) {
    for (const resource of versions.flatMap(({ resources }) => resources)) {
      for (const operation of resourceOperations(resource)) {
        const part = partOf(parts, operation);
        part.operations.push(operation);
        if (resource.isCustom && !part.custom.includes(resource)) part.custom.push(resource);
      }
    }
  }
  return parts;
}

/** The part that an operation belongs to: the first segments of its path, up to the version. */
function partOf(parts: Map<string, Part>, { path }: ApiOperation): Part {
  const segments = path.split('/').filter((segment) => segment !== '');
  const name = segments.slice(0, segments[0] === 'apis' ? 3 : 2).join('/');
  const part = parts.get(name) ?? { name, operations: [], custom: [] };
  parts.set(name, part);
  return part;
}

function keep<K, T>(
  cache: { get(key: K): T | undefined; set(key: K, value: T): unknown },
  key: K,
  make: () => T,
): T {
  const kept = cache.get(key);
  if (kept !== undefined) return kept;
  const made = make();
  cache.set(key, made);
  return made;
}

let factsDigest: string | undefined;

/** Changes with the definitions that are built in. */
function factsHash(): string {
  factsDigest ??= hashOf(schemaJson + descriptionsText + enumsJson);
  return factsDigest;
}

/** The hash that Kubernetes uses. */
function hashOf(data: string | Uint8Array): string {
  return createHash('sha512').update(data).digest('hex').toUpperCase();
}
