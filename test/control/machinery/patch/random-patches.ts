import type { Prng } from '../../../../src/base/prng.js';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';
import { isJsonObject } from '../../../../src/control/machinery/json-object.js';
import type { SchemaNode } from '../../../../src/control/machinery/schema-node.js';

/** A merge patch that touches what `towards` has: some fields of it, some nulls. */
export function randomMergePatch(prng: Prng, towards: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [name, value] of Object.entries(towards)) {
    if (prng.chance(0.3)) continue;
    if (prng.chance(0.15)) patch[name] = null;
    else if (isJsonObject(value)) patch[name] = randomMergePatch(prng, value);
    else patch[name] = value;
  }
  return patch;
}

/** A strategic merge patch towards `towards`, with every directive that its schema gives a meaning to. */
export function randomStrategicPatch(
  prng: Prng,
  towards: JsonObject,
  schema: SchemaNode | undefined,
): JsonObject {
  const patch: JsonObject = {};
  for (const [name, value] of Object.entries(towards)) {
    if (prng.chance(0.25)) continue;
    const field = schema?.type === 'map' ? schema.element : schema?.fields.get(name);
    if (prng.chance(0.08)) patch[name] = null;
    else if (isJsonObject(value)) patch[name] = objectPatch(prng, value, field);
    else if (Array.isArray(value)) addListPatch(prng, patch, { name, list: value, field });
    else patch[name] = value;
  }
  return patch;
}

function objectPatch(prng: Prng, value: JsonObject, schema: SchemaNode | undefined): JsonObject {
  const patch = randomStrategicPatch(prng, value, schema);
  if (prng.chance(0.05)) return { $patch: 'delete' };
  if (prng.chance(0.05)) return { ...patch, $patch: 'replace' };
  if (prng.chance(0.08)) {
    const retained = Object.keys(patch).filter((name) => !name.startsWith('$'));
    if (prng.chance(0.5)) retained.push('name', 'type');
    return { ...patch, $retainKeys: retained };
  }
  return patch;
}

function addListPatch(
  prng: Prng,
  patch: JsonObject,
  { name, list, field }: { name: string; list: JsonValue[]; field: SchemaNode | undefined },
): void {
  if (!field?.patchStrategies.includes('merge')) {
    patch[name] = list;
    return;
  }
  const mergeKey = field.patchMergeKey;
  if (mergeKey === '') {
    addScalars(prng, patch, name, list);
    return;
  }
  const items = list.map((item) =>
    itemPatch(prng, item as JsonObject, { mergeKey, schema: field.element }),
  );
  if (prng.chance(0.05)) items.push({ $patch: 'replace' });
  patch[name] = items;
  if (!prng.chance(0.4)) return;
  // The order names what the patch sets, in its order, and others at random.
  const kept = items.filter((item) => !Object.hasOwn(item, '$patch'));
  const order = withExtras(
    prng,
    kept.map((item) => item[mergeKey] as JsonValue),
  );
  patch[`$setElementOrder/${name}`] = order.map((key) => ({ [mergeKey]: key }));
  if (prng.chance(0.2)) delete patch[name];
}

function addScalars(prng: Prng, patch: JsonObject, name: string, list: JsonValue[]): void {
  if (prng.chance(0.6)) patch[name] = list;
  else patch[`$deleteFromPrimitiveList/${name}`] = list;
  if (prng.chance(0.3)) {
    patch[`$setElementOrder/${name}`] = withExtras(prng, (patch[name] as JsonValue[]) ?? []);
  }
}

function withExtras(prng: Prng, keys: readonly JsonValue[]): JsonValue[] {
  const order = [...keys];
  const isNumber = typeof keys[0] === 'number';
  for (const extra of isNumber ? [80, 82] : ['a', 'c', 'x/a', '/b', '1.1.1.1']) {
    if (!order.includes(extra) && prng.chance(0.4))
      order.splice(prng.int(0, order.length + 1), 0, extra);
  }
  return order;
}

function itemPatch(
  prng: Prng,
  item: JsonObject,
  { mergeKey, schema }: { mergeKey: string; schema: SchemaNode | undefined },
): JsonObject {
  const key = item[mergeKey] as JsonValue;
  if (prng.chance(0.15)) return { [mergeKey]: key, $patch: 'delete' };
  const patch = randomStrategicPatch(prng, item, schema);
  if (prng.chance(0.15)) {
    const names = Object.keys(patch).filter((name) => !name.startsWith('$'));
    patch.$retainKeys = [...new Set([...names, mergeKey])];
  }
  return { ...patch, [mergeKey]: key };
}

/** A JSON patch of up to six operations on places of `document`, most of which apply. */
export function randomJsonPatch(prng: Prng, document: JsonObject): JsonValue[] {
  const pointers = pointersOf(document);
  const place = () => prng.pick(pointers);
  const value = (): JsonValue => prng.pick([1, 'x', null, { y: [1, null] }, [], true]);
  const operations: (() => JsonValue)[] = [
    () => ({ op: 'add', path: `${place()}${prng.pick(['', '/new', '/-', '/0'])}`, value: value() }),
    () => ({ op: 'remove', path: place() }),
    () => ({ op: 'replace', path: `${place()}${prng.pick(['', '', '/new'])}`, value: value() }),
    () => ({ op: 'move', from: place(), path: `${place()}${prng.pick(['', '/moved'])}` }),
    () => ({ op: 'copy', from: place(), path: `${place()}${prng.pick(['', '/copied', '/-'])}` }),
    () => {
      const [pointer, at] = prng.pick(Object.entries(valuesOf(document)));
      return { op: 'test', path: pointer, value: prng.chance(0.9) ? at : value() };
    },
  ];
  return Array.from({ length: prng.int(1, 3) }, () => prng.pick(operations)());
}

function pointersOf(document: JsonObject): string[] {
  return Object.keys(valuesOf(document));
}

/** Every value by its pointer, but what kubectl itself needs. */
function valuesOf(value: JsonValue, pointer = ''): Record<string, JsonValue> {
  const found: Record<string, JsonValue> = {};
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, item] of Object.entries(value)) {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (['/apiVersion', '/kind', '/metadata'].includes(at)) continue;
    found[at] = item;
    Object.assign(found, valuesOf(item, at));
  }
  return found;
}
