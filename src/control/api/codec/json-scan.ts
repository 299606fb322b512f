/** What a look over the bytes of a JSON text tells without parsing it. */
export interface JsonScan {
  /** How deep objects and lists are nested; a scalar has 0. */
  readonly depth: number;
  /** How many members its objects have together, repeated ones included. */
  readonly memberCount: number;
  /** Some number has a fraction, an exponent or more than 15 digits. */
  readonly hasExactNumbers: boolean;
}

const quote = 0x22;
const backslash = 0x5c;

/**
 * Looks over a JSON text once. `JSON.parse` is many times faster than any parser in JavaScript, but it forgets repeated members and
 * the text of numbers; comparing its result with this tells whether anything was forgotten. Says nothing about syntax.
 */
export function scanJson(bytes: Uint8Array): JsonScan {
  let [depth, depthMax, memberCount, digits] = [0, 0, 0, 0];
  let hasExactNumbers = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x30 && byte <= 0x39) {
      digits += 1;
      hasExactNumbers ||= digits > 15;
      continue;
    }
    if (byte === quote) {
      i = endOfString(bytes, i + 1);
    } else if (byte === 0x3a) {
      memberCount += 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > depthMax) depthMax = depth;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
    } else if (digits > 0 && (byte === 0x2e || byte === 0x65 || byte === 0x45)) {
      hasExactNumbers = true;
    }
    digits = 0;
  }
  return { depth: depthMax, memberCount, hasExactNumbers };
}

/** Where the closing quote is; the end of the text when there is none. */
function endOfString(bytes: Uint8Array, start: number): number {
  let end = start;
  while (end < bytes.length && bytes[end] !== quote) end += bytes[end] === backslash ? 2 : 1;
  return end;
}
