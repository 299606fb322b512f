import { createHmac } from 'node:crypto';
import { aesGcm, type ValueCipher } from '../ciphers.js';

/** Bytes of a seed, and of what tells the keys made from it apart. */
export const seedBytes = 32;

/**
 * AES-GCM with a key of its own for each value, made from a seed by the second half of HKDF (RFC 5869 section 2.3) with SHA-256: what
 * went into that, then what AES-GCM makes. One seed is good for any number of values.
 */
export function derivedGcm(seed: Uint8Array): ValueCipher {
  // One block of output is one key.
  const keyOf = (info: Uint8Array) =>
    createHmac('sha256', seed).update(info).update('\x01').digest();
  return {
    seal(bytes, storeKey, random) {
      const info = random(seedBytes);
      return Buffer.concat([info, aesGcm(keyOf(info)).seal(bytes, storeKey, random)]);
    },
    open(sealed, storeKey) {
      if (sealed.length < seedBytes) return null;
      const cipher = aesGcm(keyOf(sealed.subarray(0, seedBytes)));
      return cipher.open(sealed.subarray(seedBytes), storeKey);
    },
  };
}
