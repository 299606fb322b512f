import type { FieldValidation } from '../../api/codec/decode.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { applyJsonPatch } from '../../machinery/patch/json-patch.js';
import { applyMergePatch } from '../../machinery/patch/merge-patch.js';
import { applyStrategicMergePatch } from '../../machinery/patch/strategic-merge-patch.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { badRequest } from '../../machinery/status-errors.js';
import { operationProblems, readPatchDocument } from './patch-document.js';

/** The ways to describe a change. */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

/** A change that can be made to an object. */
export interface Patch {
  /** It may say something about managed fields; else they can be left out of what is patched. */
  readonly concernsManagedFields: boolean;
  /** The topmost fields that it may be about; null: any. What it makes of these does not hang on the others. */
  readonly fields: ReadonlySet<string> | null;
  /** What strict validation objects to in the patch itself; none where validation is to ignore it. */
  readonly problems: readonly string[];
  /** The changed object; the one given stays as it is. Throws StatusError when it does not fit. */
  apply(current: KubeObject): JsonValue;
}

/** Reads a patch; throws 400 when it is none of its type. */
export function parsePatch(
  type: Exclude<PatchType, 'apply'>,
  body: Uint8Array,
  {
    schema,
    fieldValidation,
  }: { readonly schema: SchemaNode; readonly fieldValidation: FieldValidation },
): Patch {
  const document = readPatchDocument(body, fieldValidation);
  const { value: patch } = document;
  const isIgnored = fieldValidation === 'Ignore';
  if (type === 'json') {
    const problems = isIgnored ? [] : operationProblems(document);
    const apply = (current: KubeObject) => applyJsonPatch(fieldsOf(current), patch);
    const concernsManagedFields = !leavesManagedFieldsAlone(patch);
    return { apply, concernsManagedFields, problems, fields: fieldsOfJsonPatch(patch) };
  }
  if (!isJsonObject(patch)) {
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${kindOf(patch)} into Go value of type map[string]interface {}`,
    );
  }
  const problems = isIgnored ? [] : document.problems;
  const concernsManagedFields = !mergesPlainMetadata(patch);
  const fields = fieldsOfMergePatch(patch);
  if (type === 'merge') {
    const apply = (current: KubeObject) => applyMergePatch(fieldsOf(current), patch);
    return { apply, concernsManagedFields, problems, fields };
  }
  const apply = (current: KubeObject) => applyStrategicMergePatch(fieldsOf(current), patch, schema);
  return { apply, concernsManagedFields, problems, fields };
}

/** Every operation of a JSON patch is about something else, for sure. */
function leavesManagedFieldsAlone(patch: JsonValue): boolean {
  const isElsewhere = (path: JsonValue | undefined) =>
    typeof path === 'string' && path.startsWith('/') && !path.startsWith('/metadata');
  return (
    Array.isArray(patch) &&
    patch.every(
      (operation) =>
        isJsonObject(operation) &&
        isElsewhere(operation.path) &&
        (operation.from === undefined || isElsewhere(operation.from)),
    )
  );
}

/** What the paths of all operations begin with. */
function fieldsOfJsonPatch(patch: JsonValue): ReadonlySet<string> | null {
  const names = new Set<string>();
  for (const operation of Array.isArray(patch) ? patch : [null]) {
    const { path, from = path } = isJsonObject(operation) ? operation : {};
    for (const pointer of [path, from]) {
      const name = typeof pointer === 'string' ? /^\/([^/~]+)/.exec(pointer)?.[1] : undefined;
      if (name === undefined) return null;
      names.add(name);
    }
  }
  return names;
}

/** Its members, unless there are directives among them. */
function fieldsOfMergePatch(patch: JsonObject): ReadonlySet<string> | null {
  const names = Object.keys(patch);
  return names.some((name) => name.startsWith('$')) ? null : new Set(names);
}

/** A merge patch that has neither managed fields nor a directive (`$patch` and the like) where it could reach them. */
function mergesPlainMetadata(patch: JsonObject): boolean {
  const { metadata } = patch;
  const hasDirective = (fields: JsonObject) =>
    Object.keys(fields).some((name) => name.startsWith('$') || name === 'managedFields');
  if (hasDirective(patch)) return false;
  return metadata === undefined || (isJsonObject(metadata) && !hasDirective(metadata));
}

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
