import type { SchemaNode } from '../schema-node.js';
import { FieldSet } from './field-set.js';
import { fieldNameOf, isKeyElement, type PathElement } from './path-element.js';
import { anything, fieldSchema, itemSchema, structureOf } from './structure.js';

/** The set, and in addition every field that the schema names and that has fields of the set below it. */
export function withNamedFields(set: FieldSet, schema: SchemaNode): FieldSet {
  return named(set, schema, set.isMember);
}

function named(set: FieldSet, schema: SchemaNode, isMember: boolean): FieldSet {
  const result = FieldSet.node(isMember);
  for (const [element, child] of set.children) {
    const name = fieldNameOf(element);
    const field = name === undefined ? undefined : fieldSchema(schema, name);
    const isNamed = child.isMember || (field?.isDeclared ?? false);
    result.attach(element, named(child, schemaAt(schema, element) ?? anything, isNamed));
  }
  return result;
}

/** What a set was fitted to last: objects share sets, and nearly all of them stay what they are. */
const fittings = new WeakMap<
  FieldSet,
  { readonly schema: SchemaNode; readonly fitted: FieldSet }
>();

/**
 * A set that was noted when the schema said something else: who owned parts of what is now one value owns that value. The same set when
 * nothing of it is concerned.
 */
export function fittedToSchema(set: FieldSet, schema: SchemaNode): FieldSet {
  const known = fittings.get(set);
  if (known?.schema === schema) return known.fitted;
  const fitted = fittedFields(set, schema);
  fittings.set(set, { schema, fitted });
  return fitted;
}

function fittedFields(set: FieldSet, schema: SchemaNode): FieldSet {
  if (set.children.size === 0) return set;
  let isSame = true;
  const result = FieldSet.node(set.isMember);
  for (const [element, child] of set.children) {
    const below = schemaAt(schema, element);
    const fitted = below === undefined ? child : fittedNode(child, below);
    isSame &&= fitted === child;
    result.attach(element, fitted);
  }
  return isSame ? set : result;
}

function fittedNode(set: FieldSet, schema: SchemaNode): FieldSet {
  if (set.children.size === 0) return set;
  const hasParts = schema.type === 'object' || schema.type === 'map' || schema.type === 'list';
  return hasParts && structureOf(schema, undefined) === 'leaf'
    ? FieldSet.node(true)
    : fittedFields(set, schema);
}

/** The schema of what a step leads to; undefined when there is no such field. */
function schemaAt(schema: SchemaNode, element: PathElement): SchemaNode | undefined {
  const name = fieldNameOf(element);
  if (name !== undefined) return fieldSchema(schema, name)?.schema;
  return isKeyElement(element) && schema.type === 'list' ? itemSchema(schema) : undefined;
}
