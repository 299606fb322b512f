import { duplicate, type FieldPath, tooMany } from '../../machinery/field-path.js';
import type { FieldErrors } from '../core-v1/field-checks.js';

/** Checks each item of a list; one that is too long is not looked at. */
export function checkItems<T>(
  items: readonly T[] | undefined,
  max: number,
  check: (item: T, path: FieldPath) => void,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const count = items?.length ?? 0;
  if (count > max) {
    errors.push(tooMany(path, count, max));
    return;
  }
  items?.forEach((item, at) => {
    check(item, path.index(at));
  });
}

/** The same for a list in which no two items have the same key. */
export function checkSet<T>(
  items: readonly T[] | undefined,
  max: number,
  { check, keyOf }: { readonly check: (item: T, path: FieldPath) => void; keyOf(item: T): string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkItems(items, max, check, path, errors);
  if (items === undefined || items.length > max) return;
  const seen = new Set<string>();
  items.forEach((item, at) => {
    const key = keyOf(item);
    if (seen.has(key)) errors.push(duplicate(path.index(at), key));
    seen.add(key);
  });
}

/** Checks each value of a map; `shownMax` characters of a key are shown at most. */
export function checkMap<T>(
  map: Readonly<Record<string, T>> | undefined,
  { max, shownMax }: { readonly max: number; readonly shownMax: number },
  check: (key: string, item: T, path: FieldPath) => void,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const entries = Object.entries(map ?? {});
  if (entries.length > max) {
    errors.push(tooMany(path, entries.length, max));
    return;
  }
  for (const [key, item] of entries) check(key, item, path.key(shortened(key, shownMax)));
}

function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = max - 3;
  return `${text.slice(0, Math.ceil(kept / 2))}...${text.slice(text.length - Math.floor(kept / 2))}`;
}
