import { verify } from '../../../base/assert.js';
import type { KeyValue } from '../../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { internalError } from '../../machinery/status-errors.js';
import type { JsonBudget } from './json-budget.js';
import type { ResourceKeys } from './resource-keys.js';
import { shareParts } from './shared-parts.js';
import { StoredItem, withResourceVersion } from './stored-item.js';
import { StoredText } from './stored-text.js';
import type { ValueTransformer } from './value-transformer.js';

/** Own writes that are remembered until the store tells of them; a watch that lags further behind decodes what it is told. */
const ownWritesMax = 512;

/** Between the store's values and objects. What is stored is JSON without `resourceVersion`, which is the key's revision. */
export class ObjectCodec {
  readonly #keys: ResourceKeys;
  readonly #decode: (bytes: Uint8Array) => KubeObject;
  readonly #settle: (object: KubeObject) => void;
  readonly #transformer: ValueTransformer;
  readonly #budget: JsonBudget;
  /** What this process wrote last, by key: when the store tells of it, it is not decoded again. */
  readonly #ownWrites = new Map<string, StoredItem>();

  constructor(options: {
    readonly keys: ResourceKeys;
    /** Makes an object of the JSON; it is not used elsewhere. */
    readonly decode: (bytes: Uint8Array) => KubeObject;
    /** Fills in, in what is to be stored, what `decode` would fill in: an own write is not decoded. */
    readonly settle: (object: KubeObject) => void;
    readonly transformer: ValueTransformer;
    readonly budget: JsonBudget;
  }) {
    this.#keys = options.keys;
    this.#decode = options.decode;
    this.#settle = options.settle;
    this.#transformer = options.transformer;
    this.#budget = options.budget;
  }

  /** Gets what is needed to decode these values, if anything is missing; await it only then. Rejects with StatusError 500. */
  prepare(kvs: readonly (KeyValue | undefined)[]): Promise<void> | null {
    const transformer = this.#transformer;
    if (transformer.prepare === undefined) return null;
    const pending: Promise<void>[] = [];
    for (const kv of kvs) {
      const wait = kv === undefined ? null : transformer.prepare(kv.value);
      if (wait !== null && wait !== undefined) pending.push(wait);
    }
    if (pending.length === 0) return null;
    return Promise.all(pending).then(
      () => {},
      (error: unknown) => {
        throw internalError(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  /** Throws a StatusError 500 that names the key when the value cannot be read. */
  decode({ key: storeKey, value, modRevision }: KeyValue): StoredItem {
    const key = this.#keys.fromStore(storeKey);
    const own = this.#ownWrites.get(key);
    if (own !== undefined) {
      this.#ownWrites.delete(key);
      if (own.revision === modRevision) return own;
    }
    try {
      const { bytes, isStale } = this.#transformer.fromStored(value, storeKey);
      const object = this.#decode(bytes);
      shareParts(object);
      object.metadata.resourceVersion = String(modRevision);
      // Where checks are on, who changes what all share is found out.
      verify(() => deepFreeze(object));
      const fields = { key, object, isStale, revision: modRevision, size: value.length };
      return new StoredItem({ ...fields, budget: this.#budget });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw internalError(
        new Error(`unable to read what is stored at ${this.#keys.textOf(key)}: ${why}`, {
          cause: error,
        }),
      );
    }
  }

  /**
   * What to store; the object is settled by it. One that is new and nobody else's shares what it can with others. Throws a StatusError 500
   * when it cannot be encrypted.
   */
  encode(
    key: string,
    object: KubeObject,
    { isNew }: { readonly isNew: boolean },
  ): { readonly text: StoredText; readonly value: Uint8Array } {
    this.#settle(object);
    if (isNew) shareParts(object);
    const text = new StoredText(object);
    try {
      return { text, value: this.#transformer.toStored(text.bytes(), this.#keys.toStore(key)) };
    } catch (error) {
      throw internalError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The item that a write has made. From now on nobody changes the object. */
  written(
    key: string,
    object: KubeObject,
    write: { readonly text: StoredText; readonly revision: number; readonly size: number },
  ): StoredItem {
    const { revision, size } = write;
    const stored = { key, object: withResourceVersion(object, revision), revision, size };
    verify(() => deepFreeze(stored.object));
    const json = write.text.sentAt(revision);
    const item = new StoredItem({ ...stored, isStale: false, budget: this.#budget, json });
    if (this.#ownWrites.size >= ownWritesMax) this.#ownWrites.clear();
    this.#ownWrites.set(key, item);
    return item;
  }
}

function deepFreeze(value: unknown): true {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return true;
}
