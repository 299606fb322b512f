import type {
  ListPage,
  ListQuery,
  ObjectStorage,
  StorageEvent,
  StoredObject,
  WatchQuery,
} from '../../../../src/control/apiserver/storage/index.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { within } from '../../../client/until.js';

/** What the tests store. */
export interface Thing extends KubeObject {
  spec: { color?: string; size?: number; filler?: string };
}

/** A thing named `namespace/name` (or `name`). */
export function thing(path: string, spec: Thing['spec'] = {}, uid = `uid-${path}`): Thing {
  const at = path.indexOf('/');
  const metadata =
    at < 0 ? { name: path, uid } : { namespace: path.slice(0, at), name: path.slice(at + 1), uid };
  return { apiVersion: 'test.dev/v1', kind: 'Thing', metadata, spec };
}

/** The path of a thing. */
export function pathOf({ metadata }: KubeObject): string {
  return metadata.namespace === undefined
    ? metadata.name!
    : `${metadata.namespace}/${metadata.name}`;
}

export const colorOf = (object: KubeObject): string => (object as Thing).spec.color ?? '';

/** A filter by color. */
export function isColor(color: string): (object: KubeObject) => boolean {
  return (object) => colorOf(object) === color;
}

export function listQuery(query: Partial<ListQuery> = {}): ListQuery {
  return {
    namespace: '',
    freshness: { at: 'latest' },
    filter: null,
    limit: 0,
    afterKey: '',
    ...query,
  };
}

export function watchQuery(query: Partial<WatchQuery> = {}): WatchQuery {
  return {
    namespace: '',
    filter: null,
    afterRevision: null,
    sendInitialEvents: false,
    bookmarks: false,
    ...query,
  };
}

export const pathsOf = ({ items }: ListPage): string[] => items.map(({ object }) => pathOf(object));

export function create(storage: ObjectStorage, object: KubeObject): Promise<StoredObject> {
  return storage.create(object, { ttlSeconds: null });
}

/** Sets the spec of a thing, whatever it was. */
export function paint(
  storage: ObjectStorage,
  path: string,
  spec: Thing['spec'],
): Promise<StoredObject> {
  const { namespace = '', name = '' } = thing(path).metadata;
  return storage.update(
    namespace,
    name,
    async (current) => ({ object: { ...current!, spec } as Thing, ttlSeconds: null }),
    { preconditions: {}, mayCreate: false },
  );
}

export function remove(storage: ObjectStorage, path: string): Promise<StoredObject> {
  const { namespace = '', name = '' } = thing(path).metadata;
  return storage.delete(namespace, name, { preconditions: {}, check: async () => {} });
}

/** What a promise rejects with; a test fails on whatever it resolves to. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => new Error(`it resolved to ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
}

/** `type path@revision color`, or `bookmark@revision`. */
export function eventText(event: StorageEvent): string {
  if (event.type === 'bookmark') {
    return `bookmark@${event.revision}${event.endsInitialEvents ? ' end' : ''}`;
  }
  const { object, revision } = event.item;
  return `${event.type} ${pathOf(object)}@${revision} ${colorOf(object)}`.trim();
}

/** A watch, read by the test as it likes. */
export class Watching {
  readonly #abort = new AbortController();
  readonly #batches: AsyncIterator<readonly StorageEvent[]>;
  #rest: StorageEvent[] = [];

  constructor(
    storage: ObjectStorage,
    query: Partial<WatchQuery> = {},
    options: { readonly timeoutMs?: number } = {},
  ) {
    const signal = this.#abort.signal;
    this.#batches = storage
      .watch(watchQuery(query), { signal, ...options })
      [Symbol.asyncIterator]();
  }

  /** The next events. */
  async take(count: number): Promise<StorageEvent[]> {
    const read = async () => {
      while (this.#rest.length < count) {
        const { done, value } = await this.#batches.next();
        if (done) throw new Error(`the watch ended after ${this.texts(this.#rest)}`);
        this.#rest.push(...value);
      }
    };
    await within(`${count} events; so far ${this.texts(this.#rest)}`, read());
    return this.#rest.splice(0, count);
  }

  /** The next events as texts. */
  async takeTexts(count: number): Promise<string[]> {
    return (await this.take(count)).map(eventText);
  }

  /** Reads until the end. */
  async untilEnd(): Promise<StorageEvent[]> {
    const read = async () => {
      for (;;) {
        const { done, value } = await this.#batches.next();
        if (done) return;
        this.#rest.push(...value);
      }
    };
    await within('the end of the watch', read());
    return this.#rest;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#batches.return?.();
  }

  texts(events: readonly StorageEvent[]): string {
    return events.map(eventText).join(', ') || 'none';
  }
}
