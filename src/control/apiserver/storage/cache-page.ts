import type { Clock } from '../../../base/clock.js';
import type { Change } from './change.js';
import type { ListPage, ListQuery } from './contracts.js';
import type { ObjectIndex } from './object-index.js';
import { hasName, type KeyRange, textOfKey } from './resource-keys.js';
import type { StoredItem } from './stored-item.js';

/** The loop gets its turn after this long. */
const sliceMs = 5;
/** Objects between looks at the clock. */
const sliceObjects = 128;

/** What a page is picked from: taken at one moment, and not changed by what happens later. */
export interface PageSource {
  /** Candidates in key order. Where `total` is known, perhaps only as many as the page needs and one more. */
  readonly items: readonly StoredItem[];
  readonly revision: number;
  /** Objects in the range, where the page says how many are left; else null. */
  readonly total: number | null;
}

/** Takes the candidates of a page. `undo` is what has changed since the revision asked for, in order; empty: nothing. */
export function pageSource(
  index: ObjectIndex,
  range: KeyRange,
  options: {
    readonly query: ListQuery;
    readonly revision: number;
    readonly undo: readonly Change[];
  },
): PageSource {
  const { query, revision, undo } = options;
  const isPlain = query.filter === null && query.name === undefined && query.index === undefined;
  const isCounted = isPlain && query.limit > 0;
  const now = index.select(
    range,
    isCounted && undo.length === 0 ? query.limit + 1 : 0,
    query.index,
  );
  if (undo.length === 0) {
    return { items: now, revision, total: isCounted ? index.count(range) : null };
  }
  const items = undone(now, range, undo);
  return { items, revision, total: isCounted ? items.length : null };
}

/** Filters and cuts the candidates, giving the loop its turn on the way. */
export async function pickPage(
  clock: Clock,
  { items, revision, total }: PageSource,
  options: { readonly query: ListQuery; readonly looseName: string | null },
): Promise<ListPage> {
  const { query, looseName } = options;
  const { filter, limit } = query;
  if (filter === null && looseName === null && (limit === 0 || items.length <= limit)) {
    return { items, revision, nextKey: null, remainingCount: null };
  }
  const picked: StoredItem[] = [];
  let at = 0;
  let sliceEndMs = clock.now() + sliceMs;
  for (; at < items.length && (limit === 0 || picked.length < limit); at++) {
    const item = items[at] as StoredItem;
    if (looseName !== null && !hasName(item.key, looseName)) continue;
    if (filter === null || filter(item.object)) picked.push(item);
    if (at % sliceObjects !== 0 || clock.now() < sliceEndMs) continue;
    await new Promise<void>((resolve) => clock.defer(resolve));
    sliceEndMs = clock.now() + sliceMs;
  }
  const isLast = at >= items.length;
  return {
    items: picked,
    revision,
    nextKey: isLast ? null : textOfKey((items[at - 1] as StoredItem).key),
    remainingCount: isLast || total === null ? null : total - picked.length,
  };
}

/** The state of a range before the changes: for every key changed, what the first change found there. */
function undone(
  now: readonly StoredItem[],
  { lower, upper }: KeyRange,
  changes: readonly Change[],
): StoredItem[] {
  const before = new Map<string, StoredItem | null>();
  for (const change of changes) {
    const isInRange = change.key >= lower && (upper === null || change.key < upper);
    if (isInRange && !before.has(change.key)) before.set(change.key, change.before);
  }
  const items = now.filter(({ key }) => !before.has(key));
  for (const item of before.values()) if (item !== null) items.push(item);
  return before.size === 0 ? items : items.sort((a, b) => (a.key < b.key ? -1 : 1));
}
