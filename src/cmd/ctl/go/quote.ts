import { isUtf8 } from 'node:buffer';

const named: ReadonlyMap<string, string> = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['"', '\\"'],
  ['\\', '\\\\'],
]);
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Bytes as Go prints a string with `%q`: quoted, what is not printable or not UTF-8 escaped. */
export function goQuote(bytes: Uint8Array): string {
  let text = '"';
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes, at);
    if (length === 0) {
      text += `\\x${hex(bytes[at] as number, 2)}`;
      at++;
      continue;
    }
    const char = Buffer.from(bytes.subarray(at, at + length)).toString('utf8');
    text += named.get(char) ?? (printable.test(char) ? char : escaped(char));
    at += length;
  }
  return `${text}"`;
}

/** How many bytes the UTF-8 character at `at` takes; 0 when there is none. */
function utf8Length(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
  const isThere = length > 0 && at + length <= bytes.length;
  return isThere && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

function escaped(char: string): string {
  const code = char.codePointAt(0) as number;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

const byName: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
  ['"', 0x22],
  ["'", 0x27],
  ['\\', 0x5c],
]);

/** The bytes of a double-quoted Go string literal; null when it is malformed. */
export function goUnquote(literal: string): Uint8Array | null {
  if (!/^"(?:[^"\\\n]|\\.)*"$/s.test(literal)) return null;
  const parts: Buffer[] = [];
  const body = literal.slice(1, -1);
  const pattern =
    /\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\([0-7]{3})|\\(.)|([^\\]+)/gs;
  for (const [, byte, short, long, octal, name, plain] of body.matchAll(pattern)) {
    if (plain !== undefined) parts.push(Buffer.from(plain));
    else if (byte !== undefined) parts.push(Buffer.from([Number.parseInt(byte, 16)]));
    else if (octal !== undefined) parts.push(Buffer.from([Number.parseInt(octal, 8) & 0xff]));
    else if (name !== undefined) {
      const code = byName.get(name);
      if (code === undefined) return null;
      parts.push(Buffer.from([code]));
    } else {
      const code = Number.parseInt((short ?? long) as string, 16);
      if (code > 0x10ffff) return null;
      parts.push(Buffer.from(String.fromCodePoint(code)));
    }
  }
  return new Uint8Array(Buffer.concat(parts));
}
