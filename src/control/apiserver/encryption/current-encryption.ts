import type { GroupResource } from '../../machinery/object.js';
import { identityTransformer, type ValueTransformer } from '../storage/value-transformer.js';
import type { RandomBytes } from './ciphers.js';
import { EncryptingTransformer } from './encrypting-transformer.js';
import { encryptionOf, type ResourceEncryption } from './encryption-config.js';

/** How values are kept now. Storages ask for their transformer once, and it follows the configuration when that is replaced. */
export class CurrentEncryption {
  readonly #random: RandomBytes;
  readonly #transformers: FollowingTransformer[] = [];
  #config: readonly ResourceEncryption[];

  constructor(config: readonly ResourceEncryption[], random: RandomBytes) {
    this.#config = config;
    this.#random = random;
  }

  /** The transformer of a resource, for as long as it is stored. */
  transformerOf(resource: GroupResource): ValueTransformer {
    const transformer = new FollowingTransformer(resource, this.#made(resource));
    this.#transformers.push(transformer);
    return transformer;
  }

  /** From now on values are read and written as `config` says. Values that older keys wrote are stale, or unreadable without them. */
  replace(config: readonly ResourceEncryption[]): void {
    this.#config = config;
    for (const transformer of this.#transformers)
      transformer.now = this.#made(transformer.resource);
  }

  #made(resource: GroupResource): ValueTransformer {
    const encryption = encryptionOf(this.#config, resource);
    return encryption === undefined
      ? identityTransformer
      : new EncryptingTransformer(encryption, this.#random);
  }
}

/** Passes on to the transformer that is right now. */
class FollowingTransformer implements ValueTransformer {
  readonly resource: GroupResource;
  now: ValueTransformer;

  constructor(resource: GroupResource, now: ValueTransformer) {
    this.resource = resource;
    this.now = now;
  }

  prepare(bytes: Uint8Array): Promise<void> | null {
    return this.now.prepare?.(bytes) ?? null;
  }

  toStored(bytes: Uint8Array, storeKey: Uint8Array): Uint8Array {
    return this.now.toStored(bytes, storeKey);
  }

  fromStored(
    bytes: Uint8Array,
    storeKey: Uint8Array,
  ): { readonly bytes: Uint8Array; readonly isStale: boolean } {
    return this.now.fromStored(bytes, storeKey);
  }
}
