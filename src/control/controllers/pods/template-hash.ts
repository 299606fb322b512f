import { canonicalTemplate } from './canonical-template.js';

/** No vowels and no characters that are easily taken for others: what Kubernetes makes generated names of. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;
const encoder = new TextEncoder();

/**
 * A short name for what a template says: the 32-bit FNV-1a hash of its canonical JSON and the number of collisions so far, in
 * characters that labels and names take. Templates that mean the same have the same hash.
 */
export function templateHash(template: unknown, collisionCount = 0): string {
  let hash = fnv1a(fnvOffset, canonicalTemplate(template));
  if (collisionCount > 0) hash = fnv1a(hash, String(collisionCount));
  return safeText(String(hash));
}

/** Each character replaced by one of the safe alphabet, as Kubernetes' SafeEncodeString does. */
export function safeText(text: string): string {
  let safe = '';
  for (const byte of encoder.encode(text)) safe += alphabet.charAt(byte % alphabet.length);
  return safe;
}

function fnv1a(start: number, text: string): number {
  let hash = start;
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, fnvPrime);
  return hash >>> 0;
}
