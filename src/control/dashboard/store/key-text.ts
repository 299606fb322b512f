import { concatBytes } from '../../../base/bytes.js';
import { badRequest } from '../../machinery/status-errors.js';

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A key of the store as text that leads back to it: UTF-8 as it is, with `\\` for a backslash, and `\xHH` for control characters; a
 * key that is no UTF-8 has `\xHH` for every byte outside of ASCII.
 */
export function textOfKey(key: Uint8Array): string {
  const text = decoded(key);
  return text === null ? escaped(Buffer.from(key).toString('latin1'), 0x7e) : escaped(text, null);
}

function decoded(key: Uint8Array): string | null {
  try {
    return strictDecoder.decode(key);
  } catch {
    return null;
  }
}

/** Escapes control characters, and what is above `plainMax`. */
function escaped(text: string, plainMax: number | null): string {
  let result = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const isControl = code < 0x20 || code === 0x7f;
    if (character === '\\') result += '\\\\';
    else if (isControl || (plainMax !== null && code > plainMax)) result += byteEscape(code);
    else result += character;
  }
  return result;
}

function byteEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** The key of such a text. Throws 400 for a backslash that begins neither `\\` nor `\xHH`. */
export function keyOfText(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [piece] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\\\|[^\\]+|\\/g)) {
    if (piece === '\\') {
      throw badRequest(
        `${JSON.stringify(text)} is no key: write a backslash as \\\\ and a byte as \\xHH`,
      );
    }
    if (piece.startsWith('\\x')) parts.push(Uint8Array.of(Number.parseInt(piece.slice(2), 16)));
    else parts.push(encoder.encode(piece === '\\\\' ? '\\' : piece));
  }
  return concatBytes(parts);
}
