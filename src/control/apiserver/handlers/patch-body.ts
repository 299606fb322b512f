import type { JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { applyJsonPatch } from '../../machinery/patch/json-patch.js';
import { applyMergePatch } from '../../machinery/patch/merge-patch.js';
import { applyStrategicMergePatch } from '../../machinery/patch/strategic-merge-patch.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { badRequest } from '../../machinery/status-errors.js';

/** The ways to describe a change. */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

/** A change that can be made to an object. */
export interface Patch {
  /** The changed object; the one given stays as it is. Throws StatusError when it does not fit. */
  apply(current: KubeObject): JsonValue;
}

/** Reads a patch; throws 400 when it is none of its type. */
export function parsePatch(
  type: Exclude<PatchType, 'apply'>,
  body: Uint8Array,
  schema: SchemaNode,
): Patch {
  const patch = parseJson(body);
  if (type === 'json') return { apply: (current) => applyJsonPatch(fieldsOf(current), patch) };
  if (!isJsonObject(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${kindOf(patch)} into Go value of type map[string]interface {}`,
    );
  }
  if (type === 'merge') return { apply: (current) => applyMergePatch(fieldsOf(current), patch) };
  return { apply: (current) => applyStrategicMergePatch(fieldsOf(current), patch, schema) };
}

function parseJson(body: Uint8Array): JsonValue {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as JsonValue;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`error decoding patch: ${why}`);
  }
}

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
