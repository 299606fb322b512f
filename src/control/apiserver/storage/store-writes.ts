import type { KubeObject } from '../../machinery/object.js';
import type {
  ObjectStorage,
  StorageCreateOptions,
  StorageDeleteOptions,
  StorageUpdateOptions,
  StoredObject,
} from './contracts.js';
import type { StoreWriter } from './store-writer.js';

/** What storages have in common: writes go to the store. */
export class StoreWrites implements Pick<ObjectStorage, 'create' | 'update' | 'delete'> {
  readonly #writer: StoreWriter;

  constructor(writer: StoreWriter) {
    this.#writer = writer;
  }

  create(object: KubeObject, options: StorageCreateOptions): Promise<StoredObject> {
    return this.#writer.create(object, options);
  }

  update(
    namespace: string,
    name: string,
    change: Parameters<ObjectStorage['update']>[2],
    options: StorageUpdateOptions,
  ): Promise<StoredObject> {
    return this.#writer.update(namespace, name, change, options);
  }

  delete(namespace: string, name: string, options: StorageDeleteOptions): Promise<StoredObject> {
    return this.#writer.delete(namespace, name, options);
  }
}
