import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';

const tagBytes = 16;

/** NaCl's crypto_secretbox (XSalsa20-Poly1305): the tag, then the encrypted message. */
export function sealSecretbox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  return xsalsa20poly1305(key, nonce).encrypt(message);
}

/** The message of a box; null when it was not sealed with this key and nonce, or was changed. */
export function openSecretbox(
  sealed: Uint8Array,
  nonce: Uint8Array,
  key: Uint8Array,
): Uint8Array | null {
  if (sealed.length < tagBytes) return null;
  try {
    return xsalsa20poly1305(key, nonce).decrypt(sealed);
  } catch {
    return null; // The tag does not hold: there is no other reason with a key and a nonce of the right size.
  }
}
