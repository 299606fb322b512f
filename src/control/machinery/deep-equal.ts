/**
 * Whether two JSON values say the same. The order of an object's fields does not matter, the order of a list does; a field that
 * is undefined is the same as one that is absent.
 */
export function deepEqual(a: unknown, b: unknown): boolean {
  return equalValues(a, b, false);
}

/**
 * {@link deepEqual}, where in addition an absent field is the same as an empty list or map: what the API's checks that a field
 * did not change mean by equal.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  return equalValues(a, b, true) || (isEmpty(a) && isEmpty(b));
}

type Fields = Readonly<Record<string, unknown>>;

function equalValues(a: unknown, b: unknown, emptyIsAbsent: boolean): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b, emptyIsAbsent);
  return !Array.isArray(b) && equalObjects(a as Fields, b as Fields, emptyIsAbsent);
}

function equalLists(a: readonly unknown[], b: readonly unknown[], emptyIsAbsent: boolean): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!equalValues(a[i], b[i], emptyIsAbsent)) return false;
  }
  return true;
}

function equalObjects(a: Fields, b: Fields, emptyIsAbsent: boolean): boolean {
  const names = Object.keys(b);
  let found = 0;
  for (const name of Object.keys(a)) {
    const value = a[name];
    const other = ownField(b, name);
    if (other !== undefined) found++;
    if (equalValues(value, other, emptyIsAbsent)) continue;
    if (!(emptyIsAbsent && isEmpty(value) && isEmpty(other))) return false;
  }
  if (found === names.length) return true;
  return names.every((name) => {
    const value = b[name];
    return value === undefined || Object.hasOwn(a, name) || (emptyIsAbsent && isEmpty(value));
  });
}

/** The object's own field; what every object inherits is a function, but for `__proto__`. */
function ownField(object: Fields, name: string): unknown {
  if (name === '__proto__') return Object.hasOwn(object, name) ? object[name] : undefined;
  const value = object[name];
  return typeof value === 'function' ? undefined : value;
}

/** Absent, null, an empty list or an empty object. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
