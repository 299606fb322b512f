import type { Prng } from '../../../../src/base/prng.js';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';
import type { SchemaNode } from '../../../../src/control/machinery/schema-node.js';

const names = ['a', 'b', 'c', 'd'];

export const pick = <T>(prng: Prng, items: readonly T[]): T =>
  items[prng.int(0, items.length)] as T;

/** A random value of a schema without empty parts: those have rules of their own. */
export function randomValue(prng: Prng, schema: SchemaNode): JsonValue {
  switch (schema.type) {
    case 'object':
      return filled(prng, [...schema.fields]);
    case 'map':
      return filled(
        prng,
        names.map((name) => [name, schema.element as SchemaNode] as const),
      );
    case 'list':
      return randomList(prng, schema);
    case 'integer':
      return prng.int(0, 3);
    case 'boolean':
      return prng.int(0, 2) === 0;
    case 'any':
      return prng.int(0, 2) === 0
        ? prng.int(0, 3)
        : filled(
            prng,
            names.map((name) => [name, { ...schema, type: 'integer' }] as const),
          );
    default:
      return pick(prng, names);
  }
}

function filled(prng: Prng, fields: readonly (readonly [string, SchemaNode])[]): JsonObject {
  const chosen = fields.filter(() => prng.int(0, 2) === 0);
  if (chosen.length === 0) chosen.push(pick(prng, fields));
  return Object.fromEntries(chosen.map(([name, schema]) => [name, randomValue(prng, schema)]));
}

function randomList(prng: Prng, schema: SchemaNode): JsonValue[] {
  const element = schema.element as SchemaNode;
  const count = 1 + prng.int(0, 4);
  const items = Array.from({ length: count }, () => randomValue(prng, element));
  if (schema.listType === 'atomic') return items;
  const found = new Map<string, JsonValue>();
  for (const item of items) {
    if (schema.listType === 'set') found.set(JSON.stringify(item), item);
    else found.set(...keyed(prng, item as JsonObject));
  }
  return [...found.values()];
}

/** Every item needs its keys; the protocol is there or has its default. */
function keyed(prng: Prng, item: JsonObject): [string, JsonObject] {
  const full: JsonObject = { ...item, number: prng.int(0, 3) };
  if (full.protocol !== undefined) full.protocol = pick(prng, ['TCP', 'UDP']);
  return [`${full.number}/${full.protocol ?? 'TCP'}`, full];
}

/** Every field and value of an object by its path as a dumb walk finds it; objects and lists that have fields themselves as `*`. */
export function flatten(
  value: JsonValue,
  schema: SchemaNode,
  path = '',
  found = new Map<string, string>(),
): Map<string, string> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (Array.isArray(value) && schema.type === 'list' && schema.listType !== 'atomic') {
    if (path !== '') found.set(path, '*');
    for (const item of value)
      flatten(item, schema.element as SchemaNode, path + keyOf(item), found);
  } else if (isObject && !schema.isAtomic) {
    if (path !== '') found.set(path, '*');
    for (const [name, member] of Object.entries(value)) {
      const below = schema.fields.get(name) ?? schema.element ?? schema;
      flatten(member, below, `${path}.${name}`, found);
    }
  } else {
    found.set(path, JSON.stringify(isObject ? Object.entries(value).sort() : value));
  }
  return found;
}

function keyOf(item: JsonValue): string {
  if (typeof item !== 'object') return `[="${item}"]`;
  const { number, protocol = 'TCP' } = item as JsonObject;
  return `[number=${number},protocol="${protocol}"]`;
}
