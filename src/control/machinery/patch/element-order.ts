import type { JsonValue } from '../json.js';

/** What tells the items of a list apart: the value of the merge key, or the item itself. */
export type KeyOf = (item: JsonValue) => JsonValue | undefined;

/** Where each key stands first in a list. */
function positionsOf(list: readonly JsonValue[], keyOf: KeyOf): Map<JsonValue | undefined, number> {
  const positions = new Map<JsonValue | undefined, number>();
  list.forEach((item, at) => {
    const key = keyOf(item);
    if (!positions.has(key)) positions.set(key, at);
  });
  return positions;
}

/**
 * The merged items in the order that strategic merge patches promise: items that `patchOrder` names stand in its order, all others
 * in `serverOrder`, and the two interleave as they did on the server as far as that is possible.
 */
export function inElementOrder(
  merged: readonly JsonValue[],
  orders: {
    readonly patchOrder: readonly JsonValue[];
    readonly serverOrder: readonly JsonValue[];
    readonly keyOf: KeyOf;
  },
): JsonValue[] {
  const { patchOrder, serverOrder, keyOf } = orders;
  const inPatch = positionsOf(patchOrder, keyOf);
  const onServer = positionsOf(serverOrder, keyOf);
  const isNamed = (item: JsonValue) => inPatch.has(keyOf(item));
  const named = sorted(merged.filter(isNamed), (item) => inPatch.get(keyOf(item)));
  const others = sorted(
    merged.filter((item) => !isNamed(item)),
    (item) => onServer.get(keyOf(item)),
  );
  return interleaved(others, named, (item) => onServer.get(keyOf(item)));
}

type PositionOf = (item: JsonValue) => number | undefined;

/** By position; items that have none follow, the last one first. */
function sorted(items: readonly JsonValue[], positionOf: PositionOf): JsonValue[] {
  const placed = items.filter((item) => positionOf(item) !== undefined);
  const unplaced = items.filter((item) => positionOf(item) === undefined);
  placed.sort((a, b) => (positionOf(a) ?? 0) - (positionOf(b) ?? 0));
  return [...placed, ...unplaced.reverse()];
}

/** One of the server's own items goes before a named one only when both have a place on the server, and it came first there. */
function interleaved(
  others: readonly JsonValue[],
  named: readonly JsonValue[],
  positionOf: PositionOf,
): JsonValue[] {
  const result: JsonValue[] = [];
  let next = 0;
  for (const item of named) {
    const position = positionOf(item) ?? -1;
    while (next < others.length) {
      const other = others[next] as JsonValue;
      if ((positionOf(other) ?? Number.POSITIVE_INFINITY) >= position) break;
      result.push(other);
      next++;
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}
