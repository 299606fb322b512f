import { assert } from '../../../base/assert.js';
import type { ObjectFilter, StorageEvent } from './contracts.js';
import type { StoredItem } from './stored-item.js';

/**
 * What one revision did to one key. The events that watchers see of it are made once each and shared by all of them, so that who
 * encodes an event may keep the bytes with it.
 */
export class Change {
  readonly key: string;
  readonly revision: number;
  /** Null: it was not there. */
  readonly before: StoredItem | null;
  /** Null: it is gone. Invariant: not both are null. */
  readonly after: StoredItem | null;
  #added: StorageEvent | null = null;
  #modified: StorageEvent | null = null;
  #deleted: StorageEvent | null = null;

  constructor(fields: {
    readonly key: string;
    readonly revision: number;
    readonly before: StoredItem | null;
    readonly after: StoredItem | null;
  }) {
    assert(fields.before !== null || fields.after !== null, 'a change changes something');
    this.key = fields.key;
    this.revision = fields.revision;
    this.before = fields.before;
    this.after = fields.after;
  }

  /** What the change is in memory, in stored bytes. */
  get size(): number {
    return (this.before?.size ?? 0) + (this.after?.size ?? 0);
  }

  /** What a watcher with this filter sees: an object enters the filter, changes in it, leaves it; or (null) nothing. */
  eventFor(filter: ObjectFilter | null): StorageEvent | null {
    const { before, after } = this;
    const was = before !== null && (filter === null || filter(before.object));
    const is = after !== null && (filter === null || filter(after.object));
    if (is) return was ? this.#modify(after) : this.#add(after);
    return was ? this.#delete(before) : null;
  }

  #add(item: StoredItem): StorageEvent {
    this.#added ??= { type: 'added', item };
    return this.#added;
  }

  #modify(item: StoredItem): StorageEvent {
    this.#modified ??= { type: 'modified', item };
    return this.#modified;
  }

  /** The last state, under the revision that ended it. */
  #delete(item: StoredItem): StorageEvent {
    this.#deleted ??= { type: 'deleted', item: item.at(this.revision) };
    return this.#deleted;
  }
}
