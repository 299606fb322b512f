import type { JsonObject, JsonValue } from '../json.js';
import { getField, isJsonObject, setField } from '../json-object.js';
import { inElementOrder } from './element-order.js';
import { badDirective, noMergeKey, patchFailure, shown } from './patch-errors.js';
import { directiveField, itemType, keyReader, type MergedList } from './strategic-lists.js';

/** What ordering needs to know of the merge that it is part of. */
export interface OrderedMerge {
  /** What the names of the directives start with. */
  readonly prefix: string;
  /** What tells the items of a list apart; '' for scalars. */
  mergeKeyOf(name: string): string;
  /** The list of that name with the patch's list merged into it. */
  merge(name: string, was: JsonValue[], change: JsonValue[]): MergedList;
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
  itemType(was ?? [], change ?? []);
  const { items, serverOrder } = mergedList(name, was, change, merge);
  if (mergeKey !== '') for (const item of [...items, ...order]) checkKey(item, mergeKey);
  const keyOf = keyReader(mergeKey);
  setField(original, name, inElementOrder(items, { patchOrder: order, serverOrder, keyOf }));
  delete patch[name];
}

function mergedList(
  name: string,
  was: JsonValue[] | undefined,
  change: JsonValue[] | undefined,
  merge: OrderedMerge,
): MergedList {
  if (change === undefined) return { items: was ?? [], serverOrder: was ?? [] };
  if (was === undefined) {
    return { items: (merge.clean(change) ?? []) as JsonValue[], serverOrder: [] };
  }
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

/** The items that the patch sets are all in the directive, and in the same order; items that delete may stand anywhere. */
function checkOrder(
  change: readonly JsonValue[],
  order: readonly JsonValue[],
  mergeKey: string,
): void {
  if (change.length === 0 || order.length === 0) return;
  const items = mergeKey === '' ? change : change.filter((item) => directiveOf(item) !== 'delete');
  let next = 0;
  for (let at = 0; at < order.length && next < items.length; ) {
    const item = items[next] as JsonValue;
    if (directiveOf(item) !== undefined) {
      next++;
      continue;
    }
    if (sameKey(item, order[at] as JsonValue, mergeKey)) next++;
    at++;
  }
  if (next === items.length) return;
  throw patchFailure(
    `The order in patch list:\n${shown([...change])}\n ` +
      `doesn't match $setElementOrder list:\n${shown([...order])}\n`,
  );
}

function sameKey(a: JsonValue, b: JsonValue, mergeKey: string): boolean {
  if (mergeKey !== '') {
    checkKey(a, mergeKey);
    checkKey(b, mergeKey);
  }
  const keyOf = keyReader(mergeKey);
  return keyOf(a) === keyOf(b);
}

function directiveOf(item: JsonValue): JsonValue | undefined {
  return isJsonObject(item) ? getField(item, directiveField) : undefined;
}

function checkKey(item: JsonValue, mergeKey: string): void {
  if (!isJsonObject(item)) throw badDirective('setElementOrder list');
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
}
