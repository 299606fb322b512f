import { createHash } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The first `length` characters of a SHA-256 in base 32 (RFC 4648), by which rules of one service are told from those of others. */
export function shortHash(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest();
  let result = '';
  for (let at = 0; at < length; at++) {
    const bit = at * 5;
    const pair = ((digest[bit >> 3] ?? 0) << 8) | (digest[(bit >> 3) + 1] ?? 0);
    result += alphabet[(pair >> (11 - (bit & 7))) & 31];
  }
  return result;
}
