import { timingSafeEqual } from 'node:crypto';
import { poly1305 } from './poly1305.js';
import { xsalsa20 } from './salsa20.js';

const tagBytes = 16;
const keyBytes = 32;

/** NaCl's crypto_secretbox (XSalsa20-Poly1305): the tag, then the encrypted message. */
export function sealSecretbox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  // The first 32 bytes of the key stream are the key of the tag.
  const buffer = new Uint8Array(keyBytes + message.length);
  buffer.set(message, keyBytes);
  xsalsa20(buffer, key, nonce);
  const cipher = buffer.subarray(keyBytes);
  const sealed = new Uint8Array(tagBytes + cipher.length);
  sealed.set(poly1305(cipher, buffer.subarray(0, keyBytes)));
  sealed.set(cipher, tagBytes);
  return sealed;
}

/** The message of a box; null when it was not sealed with this key and nonce, or was changed. */
export function openSecretbox(
  sealed: Uint8Array,
  nonce: Uint8Array,
  key: Uint8Array,
): Uint8Array | null {
  if (sealed.length < tagBytes) return null;
  const buffer = new Uint8Array(keyBytes + sealed.length - tagBytes);
  buffer.set(sealed.subarray(tagBytes), keyBytes);
  const cipher = Uint8Array.from(buffer.subarray(keyBytes));
  xsalsa20(buffer, key, nonce);
  const tag = poly1305(cipher, buffer.subarray(0, keyBytes));
  return timingSafeEqual(tag, sealed.subarray(0, tagBytes)) ? buffer.slice(keyBytes) : null;
}
