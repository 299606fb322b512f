import type { JsonObject, JsonValue } from '../json.js';
import { getField, isJsonObject, setField } from '../json-object.js';
import { inElementOrder, type KeyOf } from './element-order.js';
import { badDirective, noMergeKey, patchFailure, shown } from './patch-errors.js';
import { directiveField, keyReader } from './strategic-lists.js';

/** What ordering needs to know of the merge that it is part of. */
export interface OrderedMerge {
  /** What the names of the directives start with. */
  readonly prefix: string;
  /** What tells the items of a list apart; '' for scalars. */
  mergeKeyOf(name: string): string;
  /** The list of that name with the patch's list merged into it. */
  merge(name: string, was: JsonValue[], change: JsonValue[]): JsonValue[];
  /** A list that is new, without directives. */
  clean(list: JsonValue): JsonValue | undefined;
}

/**
 * Carries out the directives `$setElementOrder/<list>` of a patch: merges each list, orders it, and takes both out of the patch.
 * The order of the directive goes before that of the patch's list, and that before the order on the server.
 */
export function applySetElementOrders(
  original: JsonObject,
  patch: JsonObject,
  merge: OrderedMerge,
): void {
  for (const field of Object.keys(patch)) {
    if (!field.startsWith(merge.prefix)) continue;
    const order = listOf(patch, field) ?? [];
    delete patch[field];
    applyOrder(original, patch, { name: field.slice(merge.prefix.length), order, merge });
  }
}

function applyOrder(
  original: JsonObject,
  patch: JsonObject,
  to: { readonly name: string; readonly order: JsonValue[]; readonly merge: OrderedMerge },
): void {
  const { name, order, merge } = to;
  const was = listOf(original, name);
  const change = listOf(patch, name);
  const mergeKey = merge.mergeKeyOf(name);
  checkOrder(change ?? [], order, mergeKey);
  if (was === undefined && change === undefined) return;
  const serverOrder = [...(was ?? [])];
  const merged = mergedList(name, was, change, merge);
  if (mergeKey !== '') for (const item of [...merged, ...order]) checkKey(item, mergeKey);
  const keyOf = keyReader(mergeKey);
  setField(original, name, inElementOrder(merged, { patchOrder: order, serverOrder, keyOf }));
  delete patch[name];
}

function mergedList(
  name: string,
  was: JsonValue[] | undefined,
  change: JsonValue[] | undefined,
  merge: OrderedMerge,
): JsonValue[] {
  if (change === undefined) return was ?? [];
  if (was === undefined) return (merge.clean(change) ?? []) as JsonValue[];
  return merge.merge(name, was, change);
}

function listOf(object: JsonObject, name: string): JsonValue[] | undefined {
  const list = getField(object, name);
  if (list === undefined || Array.isArray(list)) return list;
  throw patchFailure(`expected a []interface {}, but received a ${goType(list)}`);
}

function goType(value: JsonValue): string {
  if (value === null) return '%!s(<nil>)';
  if (isJsonObject(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** The items that the patch sets are all in the directive, and in the same order. */
function checkOrder(
  change: readonly JsonValue[],
  order: readonly JsonValue[],
  mergeKey: string,
): void {
  if (change.length === 0 || order.length === 0) return;
  const keyOf = keyReader(mergeKey);
  const items = change.filter((item) => !isDirective(item));
  let next = 0;
  for (const ordered of order) {
    const item = items[next];
    if (item === undefined) return;
    if (sameKey(item, ordered, keyOf, mergeKey)) next++;
  }
  if (next === items.length) return;
  throw patchFailure(
    `The order in patch list:\n${shown([...change])}\n doesn't match $setElementOrder list:\n${shown([...order])}\n`,
  );
}

function sameKey(a: JsonValue, b: JsonValue, keyOf: KeyOf, mergeKey: string): boolean {
  if (mergeKey !== '') {
    checkKey(a, mergeKey);
    checkKey(b, mergeKey);
  }
  return keyOf(a) === keyOf(b);
}

function isDirective(item: JsonValue): boolean {
  return isJsonObject(item) && Object.hasOwn(item, directiveField);
}

function checkKey(item: JsonValue, mergeKey: string): void {
  if (!isJsonObject(item)) throw badDirective('setElementOrder list');
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
}
