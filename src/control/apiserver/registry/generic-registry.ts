import { defined } from '../../../base/assert.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import type { DeleteOptions } from '../options/delete-options.js';
import type {
  ListPage,
  ListQuery,
  ObjectStorage,
  Preconditions,
  StoredObject,
} from '../storage/contracts.js';
import { createObject } from './create.js';
import { type DeleteResult, deleteObject } from './delete.js';
import { checkPreconditions } from './preconditions.js';
import type { RegistryOptions } from './registry-options.js';
import { unstoredObject } from './unstored-object.js';
import { type UpdateResult, type UpdateSource, updateObject } from './update.js';
import { admissionRequest, type WriteRequest } from './write-request.js';

/** Objects that a deletion of a collection removes at a time. */
const deletionsAtOnce = 8;

/**
 * The objects of one resource, in the version that is stored, with all that holds for every kind: names, metadata, admission,
 * validation, optimistic concurrency, deletion. What differs between kinds is in their rules and hooks.
 */
export class GenericRegistry {
  readonly options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.options = options;
  }

  get storage(): ObjectStorage {
    return this.options.storage;
  }

  /** Makes `object`, which it owns from now on. */
  create(request: WriteRequest, object: KubeObject): Promise<StoredObject> {
    return createObject(this.options, request, object);
  }

  update(request: WriteRequest, name: string, source: UpdateSource): Promise<UpdateResult> {
    return updateObject(this.options, request, name, source);
  }

  /** Writes what `change` makes without the kind's own rules and admission: who calls this has asked both about what it is for. */
  async updateDirectly(
    { context, namespace }: WriteRequest,
    name: string,
    change: (current: KubeObject) => KubeObject,
    preconditions: Preconditions,
  ): Promise<StoredObject> {
    const { row, storage, ttlSeconds } = this.options;
    if (context.isDryRun) {
      const current = await storage.get(namespace, name, { at: 'latest' });
      checkPreconditions(row, current.object, preconditions);
      return unstoredObject(change(current.object), current.revision);
    }
    return storage.update(
      namespace,
      name,
      async (current) => ({ object: change(defined(current, 'an object')), ttlSeconds }),
      { preconditions, mayCreate: false, fence: context.fence },
    );
  }

  delete(request: WriteRequest, name: string, deletion: DeleteOptions): Promise<DeleteResult> {
    return deleteObject(this.options, request, name, deletion);
  }

  /** Deletes all objects of a list; those that others delete meanwhile are left out. Answers the objects. */
  async deleteCollection(
    request: WriteRequest,
    query: ListQuery,
    deletion: DeleteOptions,
  ): Promise<ListPage> {
    const { admission, row, storage } = this.options;
    await admission.validate(
      admissionRequest(row, request, {
        operation: 'DELETE',
        name: '',
        object: null,
        oldObject: null,
      }),
    );
    const page = await storage.list(query);
    const items = page.items.values();
    const worker = async (): Promise<void> => {
      for (const { object } of items) await this.#deleteListed(request, object, deletion);
    };
    await Promise.all(Array.from({ length: deletionsAtOnce }, worker));
    return page;
  }

  async #deleteListed(
    request: WriteRequest,
    { metadata }: KubeObject,
    deletion: DeleteOptions,
  ): Promise<void> {
    const own = { ...request, namespace: metadata.namespace ?? '' };
    try {
      await this.delete(own, metadata.name ?? '', deletion);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'NotFound';
}
