import type { JSONSchemaProps } from '../../api/gen/apiextensions-v1.js';
import { type CelType, schemaType } from '../../cel/index.js';
import type { ControlClient } from '../../client/index.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';

/** A kind in a version, and what its objects look like to expressions. */
export interface KindType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly type: CelType;
}

/** What a server says about the kinds of one group and version. */
export interface VersionSchemas {
  /** Null: it has no such resource. */
  ofResource(resource: string): KindType | null;
  ofKind(kind: string): KindType | null;
}

/** Answers what a server serves in a group and version; null when that is nothing. */
export type SchemaSource = (group: string, version: string) => Promise<VersionSchemas | null>;

/** The documents that the server offers now. Each is asked for once; the source is for one policy, as the server's kinds change. */
export async function openApiSource(
  client: ControlClient,
  signal: AbortSignal,
): Promise<SchemaSource> {
  const index = await client.document('/openapi/v3', { signal });
  const paths = isJsonObject(index.paths) ? index.paths : {};
  const known = new Map<string, Promise<VersionSchemas>>();
  return async (group, version) => {
    const name = group === '' ? `api/${version}` : `apis/${group}/${version}`;
    const url = Object.hasOwn(paths, name) ? fieldOf(paths[name], 'serverRelativeURL') : undefined;
    if (typeof url !== 'string') return null;
    let schemas = known.get(name);
    if (schemas === undefined) {
      schemas = client
        .document(url, { signal })
        .then((document) => versionSchemas(document, group, version));
      known.set(name, schemas);
    }
    return await schemas;
  };
}

/** The kinds of a document of OpenAPI 3 for one group and version. */
export function versionSchemas(
  document: JsonObject,
  group: string,
  version: string,
): VersionSchemas {
  const definitions = objectAt(objectAt(document, 'components'), 'schemas');
  const prefix = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const isOf = (kind: string) => (value: JsonValue) =>
    isJsonObject(value) &&
    value.group === group &&
    value.version === version &&
    value.kind === kind;
  const ofKind = (kind: string): KindType | null => {
    for (const schema of Object.values(definitions)) {
      const kinds = fieldOf(schema, 'x-kubernetes-group-version-kind');
      if (!isJsonObject(schema) || !Array.isArray(kinds) || !kinds.some(isOf(kind))) continue;
      return {
        group,
        version,
        kind,
        type: schemaType(schema as JSONSchemaProps, { name: kind, definitions }),
      };
    }
    return null;
  };
  return {
    ofKind,
    ofResource(resource) {
      const path = objectAt(objectAt(document, 'paths'), `${prefix}/${resource}`);
      for (const operation of Object.values(path)) {
        const kind = fieldOf(fieldOf(operation, 'x-kubernetes-group-version-kind'), 'kind');
        if (typeof kind === 'string') return ofKind(kind);
      }
      return null;
    },
  };
}

function fieldOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = fieldOf(object, name);
  return isJsonObject(value) ? value : {};
}
