import { defined } from '../../../../src/base/assert.js';
import { schemaOf } from '../../../../src/control/api/schema.js';
import { fieldsV1Of } from '../../../../src/control/machinery/apply/fields-v1.js';
import { FieldSet, type VersionedKind } from '../../../../src/control/machinery/apply/index.js';
import { pathText } from '../../../../src/control/machinery/apply/path-element.js';
import { anything } from '../../../../src/control/machinery/apply/structure.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';
import type { KubeObject, ManagedFieldsEntry } from '../../../../src/control/machinery/object.js';
import type { SchemaNode } from '../../../../src/control/machinery/schema-node.js';

export const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
export const now = '2026-01-02T03:04:05Z';

export const node = (of: Partial<SchemaNode>): SchemaNode => ({
  ...anything,
  preservesUnknownFields: false,
  ...of,
});
export const text = node({ type: 'string' });
export const integer = node({ type: 'integer' });
export const object = (
  fields: Readonly<Record<string, SchemaNode>>,
  of: Partial<SchemaNode> = {},
) => node({ type: 'object', fields: new Map(Object.entries(fields)), ...of });
export const mapOf = (element: SchemaNode, of: Partial<SchemaNode> = {}) =>
  node({ type: 'map', element, ...of });
export const listOf = (element: SchemaNode, of: Partial<SchemaNode> = {}) =>
  node({ type: 'list', element, ...of });

const metadata = object({
  name: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  generation: integer,
  labels: mapOf(text),
  annotations: mapOf(text),
});

const port = object({
  number: integer,
  protocol: node({ type: 'string', default: 'TCP' }),
  name: text,
});

/** A kind that has every structure. */
export const thingFields: Readonly<Record<string, SchemaNode>> = {
  count: integer,
  title: text,
  flag: node({ type: 'boolean' }),
  amount: node({ type: 'quantity' }),
  tags: listOf(text, { listType: 'set' }),
  order: listOf(text),
  ports: listOf(port, { listType: 'map', listMapKeys: ['number', 'protocol'] }),
  one: object({ a: text, b: text }, { isAtomic: true }),
  part: object({ a: text, b: text, deep: object({ c: integer }) }),
  pairs: mapOf(text),
  parts: mapOf(object({ a: text, b: text })),
  free: node({ type: 'any', preservesUnknownFields: true }),
};

export const thingSchema = object({
  apiVersion: text,
  kind: text,
  metadata,
  spec: object(thingFields),
  status: object({ phase: text }),
});

/** Things in one version. */
export const thingKind: VersionedKind = {
  apiVersion: 'v1',
  schemaIn: (apiVersion) => (apiVersion === 'v1' ? thingSchema : undefined),
  convert: (object) => object,
  ignoredFields: () => FieldSet.of(['f:status']),
  emptyObject: () => ({ apiVersion: 'v1', kind: 'Thing', metadata: {} }),
};

/** A kind of the Kubernetes API in one version, whose objects begin as Go makes them. */
export function builtInKind(
  of: { readonly group: string; readonly version: string; readonly kind: string },
  empty: JsonObject,
): VersionedKind {
  const apiVersion = of.group === '' ? of.version : `${of.group}/${of.version}`;
  const schema = defined(schemaOf(of));
  return {
    apiVersion,
    schemaIn: (version) => (version === apiVersion ? schema : undefined),
    convert: (object) => object,
    ignoredFields: () => FieldSet.of(['f:status']),
    emptyObject: () => ({ apiVersion, kind: of.kind, metadata: {}, ...empty }),
  };
}

export function thing(spec: JsonObject, metadata: KubeObject['metadata'] = {}): KubeObject {
  const meta = { name: 'x', ...metadata };
  return { apiVersion: 'v1', kind: 'Thing', metadata: meta, spec } as KubeObject;
}

export const specOf = (object: KubeObject) =>
  (object as unknown as { readonly spec: JsonObject }).spec;

export const texts = (set: FieldSet): string[] => [...set.paths()].map(pathText).sort();

/** `name operation .path .path`, for each entry. */
export function owners(entries: readonly ManagedFieldsEntry[] | undefined): string[] {
  return (entries ?? []).map(({ manager, operation, fieldsV1 }) =>
    [manager, operation, ...leavesOf(fieldsV1 as JsonObject, '')].join(' '),
  );
}

function leavesOf(fields: JsonObject, prefix: string): string[] {
  return Object.entries(fields).flatMap(([name, below]) => {
    if (name === '.') return [`${prefix}.`];
    const path = `${prefix}/${name.slice(2)}`;
    const inner = leavesOf(below as JsonObject, path);
    return inner.length === 0 ? [path] : inner;
  });
}

export const entry = (
  manager: string,
  operation: 'Apply' | 'Update',
  paths: readonly (readonly string[])[],
  more: Partial<ManagedFieldsEntry> = {},
): ManagedFieldsEntry => ({
  manager,
  operation,
  apiVersion: 'v1',
  time: '2025-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: fieldsV1Of(FieldSet.of(...paths)),
  ...more,
});
