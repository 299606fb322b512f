import type { JsonObject, JsonValue } from '../json.js';
import { isJsonObject } from '../json-object.js';
import { FieldSet } from './field-set.js';
import { FieldSetError, type PathElement, parsePathElement } from './path-element.js';

/** A member of the tree of managed fields that says that the field itself is in the set, beside fields below it. */
const self = '.';

/** The set as FieldsV1, with members in Kubernetes' order. */
export function fieldsV1Of(set: FieldSet): JsonObject {
  const fields: JsonObject = set.isMember && set.children.size > 0 ? { [self]: {} } : {};
  for (const [element, child] of set.sortedChildren()) fields[element] = fieldsV1Of(child);
  return fields;
}

/** The JSON of {@link fieldsV1Of}. */
export function fieldsV1Text(set: FieldSet): string {
  if (set.children.size === 0) return '{}';
  let text = set.isMember ? `{"${self}":{}` : '';
  const { elements, members } = set.order();
  for (let at = 0; at < elements.length; at++) {
    const below = fieldsV1Text(set.child(elements[at] as PathElement));
    text += `${text === '' ? '{' : ','}${members[at]}${below}`;
  }
  return `${text}}`;
}

/** The same as {@link fieldsV1Of}, of subtrees that `shared` gives: who has subtrees already need not make them again. */
export function fieldsV1Sharing(
  set: FieldSet,
  shared: (subtree: FieldSet) => JsonObject,
): JsonObject {
  const fields: JsonObject = set.isMember && set.children.size > 0 ? { [self]: leaf } : {};
  for (const element of set.sortedElements()) {
    const child = set.child(element);
    fields[element] = child.children.size === 0 ? leaf : shared(child);
  }
  return fields;
}

/** What says of a field that it is in the set: one for all of them, as nobody changes it. */
const leaf: JsonObject = Object.freeze({});

/** Reads FieldsV1. Steps of unknown types are ignored with all that is below them. Throws FieldSetError. */
export function parseFieldsV1(fields: JsonValue): FieldSet {
  return readNode(fields, 0);
}

/** Nobody's objects are nested deeper; reading calls itself for each level. */
const depthMax = 1000;

/** A node without members below stands for the field itself. */
function readNode(fields: JsonValue, depth: number): FieldSet {
  if (fields !== null && !isJsonObject(fields)) throw new FieldSetError('expect { or n');
  if (depth > depthMax) throw new FieldSetError('exceeded max depth');
  const members = fields ?? {};
  const node = FieldSet.node(depth > 0 && Object.hasOwn(members, self));
  for (const [text, value] of Object.entries(members)) {
    const element = text === self ? null : parsePathElement(text);
    if (element !== null) node.attach(element, readNode(value, depth + 1));
  }
  return depth > 0 && node.isEmpty ? FieldSet.node(true) : node;
}
