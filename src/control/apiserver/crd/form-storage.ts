import { setMaxListeners } from 'node:events';
import type { StoredForms } from '../../api/scheme.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { KubeObject } from '../../machinery/object.js';
import { unstoredObject } from '../registry/unstored-object.js';
import type {
  Freshness,
  ListPage,
  ListQuery,
  ObjectStorage,
  StorageCreateOptions,
  StorageDeleteOptions,
  StorageEvent,
  StorageUpdateOptions,
  StoredObject,
  WatchOptions,
  WatchQuery,
} from '../storage/contracts.js';

/**
 * One version of a custom resource on the storage that all its versions share. What is stored may be of any version; what is read here
 * is of this one, with its defaults. Filters are asked about what is stored: metadata is the same in all versions.
 */
export class FormStorage implements ObjectStorage {
  readonly #stored: ObjectStorage;
  readonly #forms: StoredForms;
  /** What was made of an object: all readers share it, and it goes when the object does. */
  readonly #read = new WeakMap<StoredObject, StoredObject>();
  readonly #events = new WeakMap<StorageEvent, StorageEvent>();
  readonly #gone = new AbortController();

  constructor(stored: ObjectStorage, forms: StoredForms) {
    this.#stored = stored;
    this.#forms = forms;
    // Every watch listens.
    setMaxListeners(0, this.#gone.signal);
  }

  /** Ends the watches that there are, as if their time were up: this version is not served any more, or not so. */
  endWatches(): void {
    this.#gone.abort();
  }

  async get(namespace: string, name: string, freshness: Freshness): Promise<StoredObject> {
    return this.#one(await this.#stored.get(namespace, name, freshness));
  }

  async list(query: ListQuery): Promise<ListPage> {
    const page = await this.#stored.list(query);
    return { ...page, items: await this.#all(page.items) };
  }

  async *watch(
    query: WatchQuery,
    { signal, ...options }: WatchOptions,
  ): AsyncGenerator<readonly StorageEvent[], void, undefined> {
    const either = new AbortController();
    const onAbort = () => either.abort();
    const signals = [signal, this.#gone.signal];
    for (const one of signals) {
      if (one.aborted) onAbort();
      one.addEventListener('abort', onAbort, { once: true });
    }
    try {
      for await (const batch of this.#stored.watch(query, { signal: either.signal, ...options }))
        yield await this.#batch(batch);
    } finally {
      for (const one of signals) one.removeEventListener('abort', onAbort);
    }
  }

  async create(object: KubeObject, options: StorageCreateOptions): Promise<StoredObject> {
    return this.#one(await this.#stored.create(await this.#forms.write(object), options));
  }

  async update(
    namespace: string,
    name: string,
    change: (
      current: KubeObject | undefined,
    ) => Promise<{ object: KubeObject; ttlSeconds: number | null }>,
    options: StorageUpdateOptions,
  ): Promise<StoredObject> {
    const stored = await this.#stored.update(
      namespace,
      name,
      async (current) => {
        const { object, ttlSeconds } = await change(current && (await this.#form(current)));
        return { object: await this.#forms.write(object), ttlSeconds };
      },
      options,
    );
    return this.#one(stored);
  }

  async delete(
    namespace: string,
    name: string,
    { check, ...options }: StorageDeleteOptions,
  ): Promise<StoredObject> {
    const checked = async (current: KubeObject) => check(await this.#form(current));
    return this.#one(await this.#stored.delete(namespace, name, { ...options, check: checked }));
  }

  count(): Promise<number> {
    return this.#stored.count();
  }

  async #form(object: KubeObject): Promise<KubeObject> {
    const [formed = object] = await this.#forms.read([object]);
    return formed;
  }

  async #one(item: StoredObject): Promise<StoredObject> {
    const [formed = item] = await this.#all([item]);
    return formed;
  }

  async #all(items: readonly StoredObject[]): Promise<readonly StoredObject[]> {
    const missing = items.filter((item) => !this.#read.has(item));
    if (missing.length > 0) {
      const formed = await this.#forms.read(missing.map(({ object }) => object));
      missing.forEach((item, at) => {
        this.#read.set(item, formedItem(item, formed[at] ?? item.object));
      });
    }
    return items.map((item) => this.#read.get(item) ?? item);
  }

  async #batch(batch: readonly StorageEvent[]): Promise<readonly StorageEvent[]> {
    const items = batch.flatMap((event) => (event.type === 'bookmark' ? [] : [event.item]));
    const formed = await this.#all(items);
    if (formed.every((item, at) => item === items[at])) return batch;
    let next = 0;
    return batch.map((event) => {
      if (event.type === 'bookmark') return event;
      const item = formed[next++] ?? event.item;
      const known = this.#events.get(event);
      if (known !== undefined) return known;
      const made: StorageEvent = { ...event, item };
      this.#events.set(event, made);
      return made;
    });
  }
}

function formedItem(item: StoredObject, object: KubeObject): StoredObject {
  if (object === item.object || deepEqual(object, item.object)) return item;
  return unstoredObject(object, item.revision);
}
