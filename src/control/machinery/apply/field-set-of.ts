import type { JsonValue } from '../json.js';
import { isJsonObject } from '../json-object.js';
import type { SchemaNode } from '../schema-node.js';
import { FieldSet } from './field-set.js';
import { itemsByElement } from './list-items.js';
import { fieldElement } from './path-element.js';
import { fieldSchema, itemSchema, itemsOf, membersOf, structureOf } from './structure.js';

/**
 * The fields that an object sets: its values, the items of its lists, the keys of its maps, and objects that say nothing but that they
 * are there. An object that has fields is not a field itself.
 */
export function fieldSetOf(object: JsonValue, schema: SchemaNode): FieldSet {
  return nodeOf(object, schema, false);
}

/** The tree of a value; `isMember` says that the value itself is a field whatever it is. */
function nodeOf(value: JsonValue, schema: SchemaNode, isMember: boolean): FieldSet {
  switch (structureOf(schema, value)) {
    case 'leaf':
      return FieldSet.node(true);
    case 'fields':
      return fieldsNode(value, schema, isMember);
    case 'items':
      return itemsNode(value, schema, isMember);
  }
}

function fieldsNode(value: JsonValue, schema: SchemaNode, isMember: boolean): FieldSet {
  const node = FieldSet.node(isMember);
  for (const [name, member] of membersOf(value)) {
    const field = fieldSchema(schema, name);
    if (field === undefined) continue;
    const isField = !field.isDeclared || isBare(member);
    node.attach(fieldElement(name), nodeOf(member, field.schema, isField));
  }
  return node;
}

/** Null, or an object without fields. */
function isBare(value: JsonValue): boolean {
  return value === null || (isJsonObject(value) && Object.keys(value).length === 0);
}

/** Of items that are there twice only the place is a field: it cannot be told which of them it is. */
function itemsNode(value: JsonValue, schema: SchemaNode, isMember: boolean): FieldSet {
  const node = FieldSet.node(isMember);
  for (const [element, items] of itemsByElement(schema, itemsOf(value))) {
    const [item] = items;
    const isOne = items.length === 1 && item !== undefined;
    node.attach(element, isOne ? nodeOf(item, itemSchema(schema), true) : FieldSet.node(true));
  }
  return node;
}
