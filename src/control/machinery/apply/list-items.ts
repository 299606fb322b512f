import type { JsonValue } from '../json.js';
import { getField, isJsonObject } from '../json-object.js';
import { quote } from '../quote.js';
import type { SchemaNode } from '../schema-node.js';
import { keyElement, type PathElement, valueElement } from './path-element.js';
import { fieldSchema, itemSchema } from './structure.js';

/**
 * The step to an item of a list that is merged by its items: its keys, with their defaults where they are absent, or its value.
 * Undefined when the item cannot be told from others; {@link itemProblem} says why.
 */
export function itemElement(list: SchemaNode, item: JsonValue): PathElement | undefined {
  if (list.listType === 'set') {
    return typeof item === 'object' ? undefined : valueElement(item);
  }
  if (!isJsonObject(item)) return undefined;
  const keys: [string, JsonValue][] = [];
  for (const name of list.listMapKeys) {
    const value = getField(item, name) ?? defaultOf(list, name);
    if (value !== undefined) keys.push([name, value]);
  }
  return keys.length === 0 ? undefined : keyElement(keys);
}

/** Why an item has no {@link itemElement}, as Kubernetes says it. */
export function itemProblem(list: SchemaNode, item: JsonValue): string {
  if (list.listType === 'set') {
    if (item === null)
      return "associative list without keys has an element that's an explicit null";
    return Array.isArray(item)
      ? 'not supported: associative list with lists as elements'
      : "associative list without keys has an element that's a map type";
  }
  if (item === null) return 'associative list with keys may not have a null element';
  if (!isJsonObject(item)) return 'associative list with keys may not have non-map elements';
  const names = list.listMapKeys.map(quote).join(' ');
  return (
    `associative list with keys has an element that omits all key fields [${names}] ` +
    "(and doesn't have default values for any key fields)"
  );
}

function defaultOf(list: SchemaNode, name: string): JsonValue | undefined {
  return fieldSchema(itemSchema(list), name)?.schema.default;
}

/** The items of a list by the step that leads to each, in the order in which they first come; more than one are duplicates. */
export function itemsByElement(
  list: SchemaNode,
  items: readonly JsonValue[],
): Map<PathElement, JsonValue[]> {
  const found = new Map<PathElement, JsonValue[]>();
  for (const item of items) {
    const element = itemElement(list, item);
    if (element === undefined) continue;
    const known = found.get(element);
    if (known === undefined) found.set(element, [item]);
    else known.push(item);
  }
  return found;
}
