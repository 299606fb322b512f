import { assert, defined } from '../../../base/assert.js';
import type { ValueTransformer } from '../storage/value-transformer.js';
import type { RandomBytes } from './ciphers.js';
import type { ResourceEncryption, ValueKey } from './encryption-config.js';

/** A stored value that none of the keys opens. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError';
}

const encryptedPrefix = Buffer.from('k8s:enc:', 'latin1');

/**
 * Keeps values encrypted: writes with the first key, reads with any, and tells values that were written with another key than the first,
 * so that they are written anew. Bytes as Kubernetes keeps them: a prefix that names provider and key, then what the cipher makes.
 */
export class EncryptingTransformer implements ValueTransformer {
  readonly #keys: readonly { readonly key: ValueKey; readonly prefix: Uint8Array }[];
  readonly #random: RandomBytes;

  constructor({ keys }: Pick<ResourceEncryption, 'keys'>, random: RandomBytes) {
    assert(keys.length > 0, 'there is a key to write with');
    this.#keys = keys.map((key) => ({ key, prefix: Buffer.from(key.prefix, 'latin1') }));
    this.#random = random;
  }

  toStored(bytes: Uint8Array, storeKey: Uint8Array): Uint8Array {
    const { key, prefix } = defined(this.#keys[0]);
    if (key.cipher === null) return bytes;
    return Buffer.concat([prefix, key.cipher.seal(bytes, storeKey, this.#random)]);
  }

  prepare(bytes: Uint8Array): Promise<void> | null {
    for (const { key, prefix } of this.#keys) {
      if (key.cipher?.prepare !== undefined && startsWith(bytes, prefix))
        return key.cipher.prepare(bytes.subarray(prefix.length));
    }
    return null;
  }

  fromStored(bytes: Uint8Array, storeKey: Uint8Array): { bytes: Uint8Array; isStale: boolean } {
    const isEncrypted = startsWith(bytes, encryptedPrefix);
    let hasPrefix = false;
    for (const [index, { key, prefix }] of this.#keys.entries()) {
      if (key.cipher === null) {
        if (isEncrypted) continue;
        return { bytes, isStale: index > 0 };
      }
      if (!startsWith(bytes, prefix)) continue;
      hasPrefix = true;
      const opened = key.cipher.open(bytes.subarray(prefix.length), storeKey);
      if (opened === null) continue;
      const isStale = index > 0 || key.cipher.isStale?.(bytes.subarray(prefix.length)) === true;
      return { bytes: opened, isStale };
    }
    const where = Buffer.from(storeKey).toString('latin1');
    throw new DecryptionError(
      hasPrefix
        ? `the value of ${where} cannot be decrypted: its key is another one, or it was changed`
        : `the value of ${where} cannot be read: no provider matches it; give the key that it was written with`,
    );
  }
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return (
    bytes.length >= prefix.length && Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0
  );
}
