import { defined } from '../../../base/assert.js';
import { fieldsOf, type KubeObject } from '../object.js';
import type { SchemaNode } from '../schema-node.js';
import { type FieldSet, noFields } from './field-set.js';
import { fieldSetOf } from './field-set-of.js';
import type { Manager, Managers } from './managers.js';
import { removeFields } from './remove-fields.js';
import { withNamedFields } from './schema-fields.js';
import type { VersionedKind } from './versions.js';

/** An object after a configuration was merged into it, and what of it shall stay. */
interface Pruning {
  readonly merged: KubeObject;
  readonly pruned: KubeObject;
}

/**
 * Removes from a merged object what its applier set the last time and does not any more, unless somebody else owns it. `managers` are
 * those after the apply; `last` is what the applier was before. In the version of the write.
 */
export function pruneUnapplied(
  merged: KubeObject,
  { kind, managers, last }: { kind: VersionedKind; managers: Managers; last: Manager | undefined },
): KubeObject {
  if (last === undefined || last.fields.isEmpty) return merged;
  const lastSchema = kind.schemaIn(last.apiVersion);
  if (lastSchema === undefined) return merged;
  const whole = kind.convert(merged, last.apiVersion);
  const lastFields = withNamedFields(last.fields, lastSchema);
  let state: Pruning = { merged: whole, pruned: without(whole, lastFields, lastSchema) };
  for (const [version, fields] of ownedByVersion(managers, last.apiVersion)) {
    state = restoreOwned(state, { kind, version, fields });
  }
  const pruned = keepOthers(whole, kind.convert(state.pruned, last.apiVersion), {
    schema: lastSchema,
    lastFields,
  });
  return kind.convert(pruned, kind.apiVersion);
}

/** What all managers own, by version; the given version first, since others may not convert without what it brings back. */
function ownedByVersion(managers: Managers, first: string): Map<string, FieldSet> {
  const owned = new Map<string, FieldSet>([[first, noFields]]);
  for (const { apiVersion, fields } of managers.values()) {
    owned.set(apiVersion, (owned.get(apiVersion) ?? noFields).union(fields));
  }
  return owned;
}

/** Brings back what managers of a version own. */
function restoreOwned(
  state: Pruning,
  { kind, version, fields }: { kind: VersionedKind; version: string; fields: FieldSet },
): Pruning {
  const schema = defined(kind.schemaIn(version), `schema in ${version}`);
  const merged = kind.convert(state.merged, version);
  const pruned = kind.convert(state.pruned, version);
  const kept = namedFieldsOf(pruned, schema).union(withNamedFields(fields, schema));
  return {
    merged,
    pruned: without(merged, namedFieldsOf(merged, schema).difference(kept), schema),
  };
}

/** Brings back what went along with something above it and was not the applier's. */
function keepOthers(
  merged: KubeObject,
  pruned: KubeObject,
  { schema, lastFields }: { schema: SchemaNode; lastFields: FieldSet },
): KubeObject {
  const gone = namedFieldsOf(merged, schema).difference(namedFieldsOf(pruned, schema));
  return without(merged, gone.intersection(lastFields), schema);
}

function namedFieldsOf(object: KubeObject, schema: SchemaNode): FieldSet {
  return withNamedFields(fieldSetOf(fieldsOf(object), schema), schema);
}

/** What an object is stays even of an object that loses everything else. */
function without(object: KubeObject, fields: FieldSet, schema: SchemaNode): KubeObject {
  const { apiVersion, kind } = object;
  const rest = removeFields(fieldsOf(object), fields, schema);
  const metadata = (rest.metadata ?? {}) as KubeObject['metadata'];
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    ...rest,
    metadata,
  };
}
