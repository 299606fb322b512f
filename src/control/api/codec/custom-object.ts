import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { objectMetaSchema } from '../schema.js';
import { SchemaReader } from './schema-reader.js';

/** Fields of every object, whatever its schema says. */
const envelopeFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * Reads a custom resource: metadata by its types, all else as it is written but for what the schema prunes. Whether values are of the
 * right type is for validation to say. Throws DecodeError.
 */
export function readCustomObject(
  reader: SchemaReader,
  value: JsonObject,
  schema: SchemaNode,
): JsonObject {
  const object = reader.copyObject(value);
  if (isJsonObject(value.metadata)) {
    const metadataReader = new SchemaReader();
    object.metadata = metadataReader.readObject(value.metadata, objectMetaSchema(), 'metadata');
    reader.problems.push(...metadataReader.problems);
  }
  pruneFields(object, schema, { path: '', isRoot: true, problems: reader.problems });
  return object;
}

interface PruneState {
  readonly path: string;
  readonly isRoot: boolean;
  readonly problems: string[];
}

/** Removes what the schema does not name and does not preserve, in place. */
function prune(value: JsonValue, node: SchemaNode, state: PruneState): void {
  if (Array.isArray(value)) {
    const element = node.element;
    if (element === undefined || node.type !== 'list') return;
    value.forEach((item, at) => {
      prune(item, element, { ...state, path: `${state.path}[${at}]` });
    });
  } else if (isJsonObject(value)) {
    if (node.type === 'map') pruneValues(value, node, state);
    else if (node.type === 'object') pruneFields(value, node, state);
  }
}

function pruneValues(map: JsonObject, node: SchemaNode, state: PruneState): void {
  const element = node.element;
  if (element === undefined) return;
  for (const key of Object.keys(map))
    prune(map[key] as JsonValue, element, { ...state, path: childPath(state.path, key) });
}

function pruneFields(object: JsonObject, node: SchemaNode, state: PruneState): void {
  for (const name of Object.keys(object)) {
    if (state.isRoot && envelopeFields.has(name)) continue;
    const path = childPath(state.path, name);
    const field = node.fields.get(name);
    if (field !== undefined) {
      prune(object[name] as JsonValue, field, { ...state, path, isRoot: false });
    } else if (!node.preservesUnknownFields) {
      delete object[name];
      state.problems.push(`unknown field "${path}"`);
    }
  }
}

function childPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
