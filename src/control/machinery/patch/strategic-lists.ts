import type { JsonObject, JsonValue } from '../json.js';
import { getField, isJsonObject } from '../json-object.js';
import { inElementOrder, type KeyOf } from './element-order.js';
import {
  noMergeKey,
  patchDoesNotApply,
  patchFailure,
  shown,
  unknownDirective,
} from './patch-errors.js';

/** The directive that an object or an item of a list carries. */
export const directiveField = '$patch';

/** How a list is merged. */
export interface ListMerge {
  /** What tells its objects apart; '' for a list of scalars. */
  readonly mergeKey: string;
  /** The patch lists scalars to take out rather than to add. */
  readonly isDeletion: boolean;
  /** Merges an item of the patch into the item that has its key. */
  readonly mergeItems: (original: JsonObject, patch: JsonObject) => JsonObject;
}

/** What became of two lists. */
export interface MergedList {
  readonly items: JsonValue[];
  /**
   * The places that an explicit order of the patch goes by for all that it does not name: the server's items and, as in the API,
   * new items in place of deleted ones.
   */
  readonly serverOrder: readonly JsonValue[];
}

/** The two lists merged; items of `original` may change. */
export function mergeLists(
  original: readonly JsonValue[],
  patch: readonly JsonValue[],
  merge: ListMerge,
): MergedList {
  if (original.length === 0 && patch.length === 0) return { items: [], serverOrder: [] };
  return itemType(original, patch) === 'object'
    ? mergeObjects(original as JsonObject[], patch as JsonObject[], merge)
    : mergeScalars(original, patch, merge.isDeletion);
}

/** The type that the items of both lists have. Lists in lists, items of several types and no items at all cannot be merged. */
export function itemType(original: readonly JsonValue[], patch: readonly JsonValue[]): string {
  const types = new Set([...original, ...patch].map(typeOf));
  const [first] = types;
  if (first === undefined) throw patchFailure('no elements in any of the given slices');
  if (first === 'list') throw patchDoesNotApply('lists of lists are not supported');
  if (types.size > 1) {
    const lists = shown([[...original], [...patch]]);
    throw patchFailure(`list element types are not identical: ${lists}`);
  }
  return first;
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

function mergeScalars(
  original: readonly JsonValue[],
  patch: readonly JsonValue[],
  isDeletion: boolean,
): MergedList {
  if (isDeletion) {
    const deleted = new Set(patch);
    return { items: original.filter((item) => !deleted.has(item)), serverOrder: original };
  }
  const merged = [...new Set([...original, ...patch])];
  const orders = { patchOrder: patch, serverOrder: original, keyOf: keyReader('') };
  return { items: inElementOrder(merged, orders), serverOrder: original };
}

function mergeObjects(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  merge: ListMerge,
): MergedList {
  const { mergeKey } = merge;
  if (mergeKey === '') throw patchFailure('cannot merge lists without merge key for object');
  const directed = applyDirectives(original, patch, mergeKey);
  const merged = mergeByKey(directed.original, directed.patch, merge);
  for (const item of merged) keyIn(item, mergeKey);
  return {
    items: inElementOrder(merged, {
      patchOrder: directed.patch,
      serverOrder: directed.original,
      keyOf: keyReader(mergeKey),
    }),
    serverOrder: directed.isReplaced ? original : merged.slice(0, original.length),
  };
}

/** Carries out `$patch` of the patch's items; what is left of both lists is to be merged. */
function applyDirectives(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  mergeKey: string,
): { original: readonly JsonObject[]; patch: readonly JsonObject[]; isReplaced: boolean } {
  const plain: JsonObject[] = [];
  const deleted = new Set<JsonValue>();
  let isReplaced = false;
  for (const item of patch) {
    const directive = getField(item, directiveField);
    if (directive === undefined) plain.push(item);
    else if (directive === 'delete') deleted.add(keyIn(item, mergeKey));
    else if (directive === 'replace') isReplaced = true;
    else if (directive === 'merge') {
      throw patchFailure('merging lists cannot yet be specified in the patch');
    } else throw unknownDirective(directive, item);
  }
  if (isReplaced) return { original: plain, patch: [], isReplaced };
  if (deleted.size === 0) return { original, patch: plain, isReplaced };
  const kept = original.filter((item) => !deleted.has(getField(item, mergeKey) ?? null));
  return { original: kept, patch: plain, isReplaced };
}

function mergeByKey(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  { mergeKey, mergeItems }: ListMerge,
): JsonObject[] {
  const merged = [...original];
  const positions = new Map<JsonValue, number>();
  merged.forEach((item, at) => {
    const key = getField(item, mergeKey);
    if (key !== undefined && !positions.has(key)) positions.set(key, at);
  });
  for (const item of patch) {
    const key = keyIn(item, mergeKey);
    const at = positions.get(key);
    if (at === undefined) positions.set(key, merged.push(item) - 1);
    else merged[at] = mergeItems(merged[at] as JsonObject, item);
  }
  return merged;
}

function keyIn(item: JsonObject, mergeKey: string): JsonValue {
  const key = getField(item, mergeKey);
  if (key === undefined) throw noMergeKey(item, mergeKey);
  return key;
}

/** Reads the merge key of items; without one, an item is its own key. */
export function keyReader(mergeKey: string): KeyOf {
  if (mergeKey === '') return (item) => item;
  return (item) => (isJsonObject(item) ? getField(item, mergeKey) : undefined);
}
