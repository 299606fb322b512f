import { defined } from '../../../base/assert.js';
import type { KubeObject } from '../../machinery/object.js';

/** The values under which an object is found in an index; none keeps it out. Pure. */
export type IndexFunction<T extends KubeObject> = (object: T) => readonly string[];

/** Reads objects from memory. What it returns is shared: nobody changes it. */
export interface Lister<T extends KubeObject> {
  readonly size: number;
  get(namespace: string, name: string): T | undefined;
  byKey(key: string): T | undefined;
  all(): Iterable<T>;
  /** In no particular order. An index that was not declared is a bug. */
  byIndex(index: string, value: string): readonly T[];
}

/** The index by namespace, which every cache has. */
export const namespaceIndex = 'namespace';

/** `namespace/name`, or the name alone of what has no namespace: how queues and caches name objects. */
export function objectKey({ metadata }: KubeObject): string {
  return keyOf(metadata.namespace ?? '', metadata.name ?? '');
}

/** The key of a namespace and a name. */
export function keyOf(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** The namespace ('' without) and the name of a key. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

interface Index<T extends KubeObject> {
  readonly valuesOf: IndexFunction<T>;
  /** Keys by value. Invariant: no set is empty. */
  readonly keys: Map<string, Set<string>>;
}

/** Objects by key, and indexes of them. */
export class ObjectCache<T extends KubeObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>> = {}) {
    this.addIndexes({ [namespaceIndex]: byNamespace, ...indexes });
  }

  /** Adds indexes, of what is there too; one whose name is taken is left out. */
  addIndexes(indexes: Readonly<Record<string, IndexFunction<T>>>): void {
    for (const [name, valuesOf] of Object.entries(indexes)) {
      if (this.#indexes.has(name)) continue;
      const index: Index<T> = { valuesOf, keys: new Map() };
      this.#indexes.set(name, index);
      for (const [key, object] of this.#objects) file(index, key, object);
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(keyOf(namespace, name));
  }

  byKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  all(): Iterable<T> {
    return this.#objects.values();
  }

  keys(): Iterable<string> {
    return this.#objects.keys();
  }

  byIndex(index: string, value: string): readonly T[] {
    const { keys } = defined(this.#indexes.get(index), `the index ${JSON.stringify(index)}`);
    return [...(keys.get(value) ?? [])].map((key) => defined(this.#objects.get(key)));
  }

  set(key: string, object: T): void {
    this.delete(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) file(index, key, object);
  }

  delete(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of valuesOf(object)) {
        const filed = keys.get(value);
        filed?.delete(key);
        if (filed?.size === 0) keys.delete(value);
      }
    }
  }
}

function file<T extends KubeObject>({ valuesOf, keys }: Index<T>, key: string, object: T): void {
  for (const value of valuesOf(object)) {
    const filed = keys.get(value);
    if (filed === undefined) keys.set(value, new Set([key]));
    else filed.add(key);
  }
}

function byNamespace({ metadata }: KubeObject): readonly string[] {
  return [metadata.namespace ?? ''];
}
