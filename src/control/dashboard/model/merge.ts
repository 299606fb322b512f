/** JSON as it is parsed. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** What becomes of two changes of one document. */
export interface Merge {
  readonly merged: JsonValue;
  /** Where both changed the same to something different, as `spec.replicas`; mine is in `merged`. */
  readonly conflicts: readonly string[];
}

/** Absent fields, which JSON has no value for. */
type Maybe = JsonValue | undefined;

/** Brings two changes of `base` together, field by field; lists are one value each. */
export function mergeChanges(base: JsonValue, mine: JsonValue, theirs: JsonValue): Merge {
  const conflicts: string[] = [];
  const merged = merge([base, mine, theirs], '', conflicts);
  return { merged: merged ?? null, conflicts };
}

function merge(
  [base, mine, theirs]: readonly [Maybe, Maybe, Maybe],
  path: string,
  conflicts: string[],
): Maybe {
  if (isSame(mine, theirs) || isSame(base, theirs)) return mine;
  if (isSame(base, mine)) return theirs;
  if (isObject(mine) && isObject(theirs)) {
    const from = isObject(base) ? base : {};
    const result: Record<string, JsonValue> = {};
    for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
      const value = merge(
        [from[key], mine[key], theirs[key]],
        path === '' ? key : `${path}.${key}`,
        conflicts,
      );
      if (value !== undefined) result[key] = value;
    }
    return result;
  }
  conflicts.push(path);
  return mine;
}

/** Whether two JSON values say the same; the order of an object's fields does not matter. */
export function isSame(a: Maybe, b: Maybe): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, at) => isSame(each, b[at]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => key in b && isSame(a[key], b[key]))
  );
}

function isObject(value: Maybe): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
