import { deepEqual } from '../deep-equal.js';
import type { JsonObject, JsonValue } from '../json.js';
import { getField, isJsonObject } from '../json-object.js';
import type { SchemaNode } from '../schema-node.js';
import { FieldSet } from './field-set.js';
import { itemsByElement } from './list-items.js';
import { fieldElement, type PathElement } from './path-element.js';
import {
  fieldSchema,
  isEmptyValue,
  itemSchema,
  itemsOf,
  type Structure,
  structureOf,
} from './structure.js';

/** What is different between two states of an object. No field is in two of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two states of an object, field by field. An object or list that comes or goes is a field itself, with those below it. */
export function compareObjects(
  before: JsonObject,
  after: JsonObject,
  schema: SchemaNode,
): Comparison {
  const walk = new ComparingWalk();
  walk.compareFields(before, after, schema);
  return walk;
}

/** The changes without the fields of `ignored` and all below them. */
export function withoutIgnored(comparison: Comparison, ignored: FieldSet): Comparison {
  if (ignored.isEmpty) return comparison;
  return {
    added: comparison.added.recursiveDifference(ignored),
    modified: comparison.modified.recursiveDifference(ignored),
    removed: comparison.removed.recursiveDifference(ignored),
  };
}

const noMembers: JsonObject = Object.freeze({});

/** Undefined is what is not there. */
type Side = JsonValue | undefined;

class ComparingWalk implements Comparison {
  readonly added = new FieldSet();
  readonly modified = new FieldSet();
  readonly removed = new FieldSet();
  /** The way to the values at hand. */
  readonly #path: PathElement[] = [];

  compareFields(before: Side, after: Side, schema: SchemaNode): void {
    const old = isJsonObject(before) ? before : noMembers;
    const now = isJsonObject(after) ? after : noMembers;
    for (const name of Object.keys(old)) {
      this.#compareField(name, old[name], getField(now, name), schema);
    }
    for (const name of Object.keys(now)) {
      if (!Object.hasOwn(old, name)) this.#compareField(name, undefined, now[name], schema);
    }
  }

  #compareField(name: string, before: Side, after: Side, schema: SchemaNode): void {
    if (before === after) return;
    const field = fieldSchema(schema, name);
    if (field !== undefined) this.#compareAt(fieldElement(name), before, after, field.schema);
  }

  #compareAt(element: PathElement, before: Side, after: Side, schema: SchemaNode): void {
    this.#path.push(element);
    this.#compare(before, after, schema);
    this.#path.pop();
  }

  #compare(before: Side, after: Side, schema: SchemaNode): void {
    const structure = structureOf(schema, after ?? before);
    const isOpen = schema.type === 'any' && isPresent(before) && isPresent(after);
    const old = isOpen ? structureOf(schema, before) : structure;
    if (old !== structure) this.#compareAcross(before, after, schema, old);
    else this.#compareAs(structure, before, after, schema);
  }

  /** A value without schema that was one thing and is another: what was in it is gone, what is in it is new. */
  #compareAcross(before: Side, after: Side, schema: SchemaNode, old: Structure): void {
    this.modified.add(this.#path);
    if (old === 'fields') this.compareFields(before, undefined, schema);
    else this.compareFields(undefined, after, schema);
  }

  #compareAs(structure: Structure, before: Side, after: Side, schema: SchemaNode): void {
    if (structure === 'leaf' || (isEmptyValue(before) && isEmptyValue(after))) {
      this.#compareLeaf(before, after);
      return;
    }
    if (structure === 'fields') this.compareFields(before, after, schema);
    else this.#compareItems(before, after, schema);
    if (before === undefined) this.added.add(this.#path);
    else if (after === undefined) this.removed.add(this.#path);
  }

  #compareLeaf(before: Side, after: Side): void {
    if (before === undefined) this.added.add(this.#path);
    else if (after === undefined) this.removed.add(this.#path);
    else if (!deepEqual(before, after)) this.modified.add(this.#path);
  }

  #compareItems(before: Side, after: Side, schema: SchemaNode): void {
    const old = itemsByElement(schema, itemsOf(before));
    const now = itemsByElement(schema, itemsOf(after));
    for (const [element, items] of old) {
      this.#compareItem(element, items, now.get(element) ?? [], schema);
    }
    for (const [element, items] of now) {
      if (!old.has(element)) this.#compareItem(element, [], items, schema);
    }
  }

  /** Items of one place; where there are several they count as one value. */
  #compareItem(
    element: PathElement,
    before: readonly JsonValue[],
    after: readonly JsonValue[],
    schema: SchemaNode,
  ): void {
    const path = [...this.#path, element];
    const item = itemSchema(schema);
    if (before.length <= 1 && after.length <= 1) {
      if (before[0] !== after[0]) this.#compareAt(element, before[0], after[0], item);
    } else if (before.length > 1 && after.length > 1) {
      if (!deepEqual(before, after)) this.modified.add(path);
    } else if (before.length > 1) {
      if (after.length > 0) this.#compareAt(element, undefined, after[0], item);
      this.removed.add(path);
    } else {
      if (before.length > 0) this.#compareAt(element, before[0], undefined, item);
      this.added.add(path);
    }
  }
}

function isPresent(value: Side): boolean {
  return value !== undefined && value !== null;
}
