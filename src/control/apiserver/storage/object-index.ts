import { BTree } from '../../../base/btree.js';
import type { KubeObject } from '../../machinery/object.js';
import type { Change } from './change.js';
import type { IndexHint } from './contracts.js';
import type { KeyRange } from './resource-keys.js';
import type { StoredItem } from './stored-item.js';

/** The values that an index files an object under, each once. Pure. */
export type IndexFunction = (object: KubeObject) => readonly string[];

/** Names and functions of the indexes of a resource. */
export type IndexFunctions = Readonly<Record<string, IndexFunction>>;

/** The present objects of a resource in key order, and the same by the values of each index. */
export class ObjectIndex {
  readonly #functions: IndexFunctions;
  readonly #all = new BTree<StoredItem>();
  /** By index and value. No tree is empty. */
  readonly #filed = new Map<string, Map<string, BTree<StoredItem>>>();

  /** `items` have ascending keys. */
  constructor(functions: IndexFunctions, items: readonly StoredItem[] = []) {
    this.#functions = functions;
    for (const name of Object.keys(functions)) this.#filed.set(name, new Map());
    this.#all.fill(
      items.map(({ key }) => key),
      items,
    );
    for (const item of items) this.#file(item);
  }

  get size(): number {
    return this.#all.size;
  }

  get(key: string): StoredItem | undefined {
    return this.#all.get(key);
  }

  apply({ key, before, after }: Change): void {
    if (before !== null) this.#unfile(before);
    if (after === null) this.#all.delete(key);
    else {
      this.#all.set(key, after);
      this.#file(after);
    }
  }

  count({ lower, upper }: KeyRange): number {
    return this.#all.countBetween(lower, upper);
  }

  /** Every bucket that an object in either state of a change is in, as `[index, value]`; some may come twice. */
  *filedUnder({ before, after }: Change): Generator<readonly [string, string]> {
    for (const [name, valuesOf] of Object.entries(this.#functions)) {
      if (before !== null) for (const value of valuesOf(before.object)) yield [name, value];
      if (after !== null) for (const value of valuesOf(after.object)) yield [name, value];
    }
  }

  hasIndex(name: string): boolean {
    return this.#filed.has(name);
  }

  /** The first `limit` (0: all) objects of a range, of all or of what is filed under a value. */
  select(range: KeyRange, limit: number, hint?: IndexHint): StoredItem[] {
    const tree = this.#treeOf(hint);
    const items: StoredItem[] = [];
    if (tree === undefined) return items;
    const cursor = tree.seek(range.lower);
    for (; cursor.valid && (range.upper === null || cursor.key < range.upper); cursor.next()) {
      items.push(cursor.value);
      if (items.length === limit) break;
    }
    return items;
  }

  #treeOf(hint: IndexHint | undefined): BTree<StoredItem> | undefined {
    const index = hint === undefined ? undefined : this.#filed.get(hint.index);
    return hint === undefined || index === undefined ? this.#all : index.get(hint.value);
  }

  #file(item: StoredItem): void {
    for (const [name, valuesOf] of Object.entries(this.#functions)) {
      const index = this.#filed.get(name);
      for (const value of valuesOf(item.object)) {
        let tree = index?.get(value);
        if (tree === undefined) {
          tree = new BTree<StoredItem>();
          index?.set(value, tree);
        }
        tree.set(item.key, item);
      }
    }
  }

  #unfile(item: StoredItem): void {
    for (const [name, valuesOf] of Object.entries(this.#functions)) {
      const index = this.#filed.get(name);
      for (const value of valuesOf(item.object)) {
        const tree = index?.get(value);
        tree?.delete(item.key);
        if (tree?.size === 0) index?.delete(value);
      }
    }
  }
}
