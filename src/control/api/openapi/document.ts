import type { JsonObject } from '../../machinery/json.js';
import type { ServedResource } from '../scheme.js';
import { customSchemas } from './custom-schemas.js';
import { definitionSchema, type OpenApiVersion, referencesIn } from './definition-schemas.js';
import { documentV2 } from './document-v2.js';
import { documentV3 } from './document-v3.js';
import type { ApiOperation } from './operation.js';

/** What a document is made of. */
export interface DocumentParts {
  readonly operations: readonly ApiOperation[];
  /** Custom resources among what the operations are about. */
  readonly custom: readonly ServedResource[];
  /** Definitions of others, by name, besides those that are built in and those of custom resources. */
  readonly definitions?: ReadonlyMap<string, JsonObject>;
  /** The version of the server. */
  readonly serverVersion: string;
}

/** An OpenAPI document of some operations, with every definition that they need. */
export function openApiDocument(version: OpenApiVersion, parts: DocumentParts): JsonObject {
  const definitions = definitionsOf(version, parts);
  const { operations, serverVersion } = parts;
  const document = version === 2 ? documentV2 : documentV3;
  return document(operations, definitions, serverVersion);
}

function definitionsOf(
  version: OpenApiVersion,
  { operations, custom, definitions = new Map() }: DocumentParts,
): ReadonlyMap<string, JsonObject> {
  const own = new Map([
    ...definitions,
    ...custom.flatMap((resource) => [...customSchemas(resource, version)]),
  ]);
  const found = new Map<string, JsonObject>();
  const waiting = operations.flatMap(({ body, answer }) => [body, answer]);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === '' || found.has(name)) continue;
    const schema = own.get(name) ?? definitionSchema(name, version);
    if (schema === undefined) continue;
    found.set(name, schema);
    waiting.push(...referencesIn(schema));
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
