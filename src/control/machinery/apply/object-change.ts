import { assert, defined } from '../../../base/assert.js';
import { fieldsOf, type KubeObject } from '../object.js';
import { compareObjects, withoutIgnored } from './comparison.js';
import type { FieldSet } from './field-set.js';
import { type Manager, type Managers, withFields } from './managers.js';
import { fittedToSchema } from './schema-fields.js';
import type { VersionedKind } from './versions.js';

/** A manager that owns what a write changes, and which of it. */
export interface Conflict {
  readonly key: string;
  readonly manager: Manager;
  readonly fields: FieldSet;
}

/** What is different between two states of an object. */
export interface ChangedFields {
  /** What is new or has another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** What a write makes of an object, as the managers of other versions see it. */
export class ObjectChange {
  readonly #before: KubeObject;
  readonly #after: KubeObject;
  readonly #kind: VersionedKind;
  /** By version. */
  readonly #comparisons = new Map<string, ChangedFields>();

  /** Both states are in the version of the write. */
  constructor(before: KubeObject, after: KubeObject, kind: VersionedKind) {
    this.#before = before;
    this.#after = after;
    this.#kind = kind;
  }

  /** What is different in a version that is known, but for what this way of writing does not set. */
  in(apiVersion: string): ChangedFields {
    let comparison = this.#comparisons.get(apiVersion);
    if (comparison === undefined) {
      comparison = this.#compare(apiVersion);
      this.#comparisons.set(apiVersion, comparison);
    }
    return comparison;
  }

  /** Managers, but for `self`, that own what the change adds or modifies; ordered by key. */
  conflicts(managers: Managers, self: string): Conflict[] {
    const conflicts: Conflict[] = [];
    for (const [key, manager] of managers) {
      if (key === self) continue;
      const fields = manager.fields.intersection(this.in(manager.apiVersion).changed);
      if (!fields.isEmpty) conflicts.push({ key, manager, fields });
    }
    return conflicts.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The managers after the change: what it adds, modifies or removes is nobody's but `self`'s. Who owns nothing any more is gone. */
  disown(managers: Managers, self: string): Map<string, Manager> {
    const kept = new Map<string, Manager>();
    for (const [key, manager] of managers) {
      const fields = key === self ? manager.fields : this.#rest(manager);
      if (!fields.isEmpty) kept.set(key, withFields(manager, fields));
    }
    return kept;
  }

  #rest({ fields, apiVersion }: Manager): FieldSet {
    const { changed, removed } = this.in(apiVersion);
    return fields.difference(changed).difference(removed);
  }

  #compare(apiVersion: string): ChangedFields {
    const schema = defined(this.#kind.schemaIn(apiVersion), `schema in ${apiVersion}`);
    const before = this.#kind.convert(this.#before, apiVersion);
    const after = this.#kind.convert(this.#after, apiVersion);
    assert(before.apiVersion === after.apiVersion, 'states of one version');
    const comparison = compareObjects(fieldsOf(before), fieldsOf(after), schema);
    const ignored = this.#kind.ignoredFields(apiVersion);
    const { added, modified, removed } = withoutIgnored(comparison, ignored);
    return { changed: modified.union(added), removed };
  }
}

/** The managers whose versions are known, with sets that fit what the schemas say now. */
export function knownManagers(managers: Managers, kind: VersionedKind): Map<string, Manager> {
  const known = new Map<string, Manager>();
  for (const [key, manager] of managers) {
    const schema = kind.schemaIn(manager.apiVersion);
    if (schema === undefined) continue;
    known.set(key, withFields(manager, fittedToSchema(manager.fields, schema)));
  }
  return known;
}
