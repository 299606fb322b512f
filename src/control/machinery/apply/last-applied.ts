import type { JsonObject, JsonValue } from '../json.js';
import { isJsonObject } from '../json-object.js';
import { fieldsOf, type KubeObject } from '../object.js';
import { messageJson, utf8Length } from '../quote.js';
import type { SchemaNode } from '../schema-node.js';
import { sortedJson } from '../sorted-json.js';
import { appliedProblem } from './applied-problems.js';
import { compareObjects } from './comparison.js';
import type { FieldSet } from './field-set.js';
import { fieldSetOf } from './field-set-of.js';

/** Where `kubectl apply` without server-side apply keeps what it applied. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The manager whose applies mind {@link lastAppliedAnnotation}. */
export const kubectlManager = 'kubectl';

/** What the annotations of an object may take in all: names and values, in bytes. */
const annotationBytesMax = 256 * 1024;

/**
 * The fields that a client-side apply set and that still have the values that it gave them. Undefined when there was none, of this
 * version. `schema` is that of the object.
 */
export function lastAppliedFields(live: KubeObject, schema: SchemaNode): FieldSet | undefined {
  const last = parseObject(live.metadata.annotations?.[lastAppliedAnnotation] ?? '');
  if (last === undefined || last.apiVersion !== live.apiVersion) return undefined;
  if (appliedProblem(last, schema) !== undefined) return undefined;
  const { added, modified, removed } = compareObjects(last, fieldsOf(live), schema);
  return fieldSetOf(last, schema).difference(modified).difference(added).difference(removed);
}

function parseObject(text: string): JsonObject | undefined {
  if (text === '') return undefined;
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The object with its {@link lastAppliedAnnotation}, when it has one, saying what was applied now; without it when that is too long.
 * For those who go back to client-side apply.
 */
export function withLastApplied(object: KubeObject, applied: KubeObject): KubeObject {
  const { annotations = {} } = object.metadata;
  if ((annotations[lastAppliedAnnotation] ?? '') === '') return object;
  const { [lastAppliedAnnotation]: _, ...others } = annotations;
  const changed = { ...annotations, [lastAppliedAnnotation]: lastAppliedText(applied) };
  const fits = bytesOf(changed) <= annotationBytesMax;
  return { ...object, metadata: { ...object.metadata, annotations: fits ? changed : others } };
}

function bytesOf(annotations: Readonly<Record<string, string>>): number {
  const sizes = Object.entries(annotations).map(
    ([name, value]) => utf8Length(name) + utf8Length(value),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** In the form in which Kubernetes writes it: members by name, and a line's end. */
function lastAppliedText(applied: KubeObject): string {
  const fields = fieldsOf(applied);
  const { annotations } = applied.metadata;
  if (annotations === undefined) return `${messageJson(sortedJson(fields))}\n`;
  const { [lastAppliedAnnotation]: _, ...others } = annotations;
  const metadata = { ...applied.metadata, annotations: others } as unknown as JsonObject;
  return `${messageJson(sortedJson({ ...fields, metadata }))}\n`;
}
