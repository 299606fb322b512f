/** Sets of ASCII characters, one bit each; a set is their sum. */
export const lower = 1;
export const upper = 2;
export const digit = 4;
export const dash = 8;
export const dot = 16;
export const underscore = 32;
export const alphanumeric = lower | upper | digit;
export const lowerAlphanumeric = lower | digit;

const classes = new Uint8Array(128);
for (let code = 0x61; code <= 0x7a; code++) classes[code] = lower;
for (let code = 0x41; code <= 0x5a; code++) classes[code] = upper;
for (let code = 0x30; code <= 0x39; code++) classes[code] = digit;
classes[0x2d] = dash;
classes[0x2e] = dot;
classes[0x5f] = underscore;

/** Whether the character at `at` is one of `set`; beyond the end it is none. */
export function isOneOf(text: string, at: number, set: number): boolean {
  return ((classes[text.charCodeAt(at)] ?? 0) & set) !== 0;
}

/** Whether the part from `from` to before `to` is not empty and all of `set`. */
export function isAllOf(text: string, set: number, from = 0, to = text.length): boolean {
  for (let at = from; at < to; at++) {
    if (!isOneOf(text, at, set)) return false;
  }
  return from < to;
}

/** {@link isAllOf}, and the first and last character are of `first` and `last`: one scan, no backtracking. */
export function isWord(
  text: string,
  sets: { readonly first: number; readonly inner: number; readonly last: number },
  from = 0,
  to = text.length,
): boolean {
  if (!isOneOf(text, from, sets.first) || from >= to) return false;
  return isOneOf(text, to - 1, sets.last) && isAllOf(text, sets.inner, from, to);
}
