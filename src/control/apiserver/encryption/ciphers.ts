import { createCipheriv, createDecipheriv } from 'node:crypto';
import { openSecretbox, sealSecretbox } from './secretbox.js';

/** Uniform bytes from the machine's entropy, for nonces. */
export type RandomBytes = (length: number) => Uint8Array;

/** One way to encrypt values, with one key. What it makes, Kubernetes reads, and the other way round. */
export interface ValueCipher {
  seal(bytes: Uint8Array, storeKey: Uint8Array, random: RandomBytes): Uint8Array;
  /** Null when the bytes are not what this key sealed for this place. */
  open(sealed: Uint8Array, storeKey: Uint8Array): Uint8Array | null;
  /** Whether it was sealed with something older than what is sealed with now. Default: never. */
  isStale?(sealed: Uint8Array): boolean;
  /** Gets what `open` needs from elsewhere; null when it has all. Default: always. */
  prepare?(sealed: Uint8Array): Promise<void> | null;
}

const gcmNonceBytes = 12;
const gcmTagBytes = 16;

/** AES-GCM: nonce, encrypted value, tag. The store's key is authenticated: a value cannot be moved to another. */
export function aesGcm(key: Uint8Array): ValueCipher {
  const algorithm = gcmAlgorithm(key);
  return {
    seal(bytes, storeKey, random) {
      const nonce = random(gcmNonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(storeKey);
      const sealed = [nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()];
      return Buffer.concat(sealed);
    },
    open(sealed, storeKey) {
      if (sealed.length < gcmNonceBytes + gcmTagBytes) return null;
      const tagAt = sealed.length - gcmTagBytes;
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, gcmNonceBytes), {
        authTagLength: gcmTagBytes,
      });
      decipher.setAAD(storeKey).setAuthTag(sealed.subarray(tagAt));
      return finished(decipher, sealed.subarray(gcmNonceBytes, tagAt));
    },
  };
}

function gcmAlgorithm(key: Uint8Array): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  if (key.length === 16) return 'aes-128-gcm';
  return key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
}

const blockBytes = 16;

/** AES-CBC with PKCS #7 padding: initial vector, encrypted value. It does not notice changes; kept for what others have written. */
export function aesCbc(key: Uint8Array): ValueCipher {
  const algorithm = `aes-${key.length * 8}-cbc`;
  return {
    seal(bytes, _storeKey, random) {
      const vector = random(blockBytes);
      const cipher = createCipheriv(algorithm, key, vector);
      return Buffer.concat([vector, cipher.update(bytes), cipher.final()]);
    },
    open(sealed) {
      if (sealed.length < 2 * blockBytes || sealed.length % blockBytes !== 0) return null;
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, blockBytes));
      return finished(decipher, sealed.subarray(blockBytes));
    },
  };
}

const boxNonceBytes = 24;

/** NaCl's secretbox: nonce, box. */
export function secretbox(key: Uint8Array): ValueCipher {
  return {
    seal(bytes, _storeKey, random) {
      const nonce = random(boxNonceBytes);
      return Buffer.concat([nonce, sealSecretbox(bytes, nonce, key)]);
    },
    open(sealed) {
      if (sealed.length < boxNonceBytes) return null;
      return openSecretbox(sealed.subarray(boxNonceBytes), sealed.subarray(0, boxNonceBytes), key);
    },
  };
}

function finished(
  decipher: { update(data: Uint8Array): Buffer; final(): Buffer },
  sealed: Uint8Array,
): Uint8Array | null {
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    return null; // A wrong key, or changed bytes: node tells no more.
  }
}
