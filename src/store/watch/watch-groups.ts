import { assert } from '../../base/assert.js';
import type { KeyRange } from './key-range.js';
import { RangeTree } from './range-tree.js';
import type { SharedEvent } from './shared-event.js';

/** What decides which events a watcher gets, and in which form. */
export interface Interest {
  readonly range: KeyRange;
  readonly prevKv: boolean;
  readonly dropsPuts: boolean;
  readonly dropsDeletes: boolean;
}

/** Watchers of one and the same interest: what a change means to them is found out, and encoded, once for all. */
export class WatchGroup<T extends Interest> implements Interest {
  readonly range: KeyRange;
  readonly prevKv: boolean;
  readonly dropsPuts: boolean;
  readonly dropsDeletes: boolean;
  /** The next group whose range begins with the same key. */
  sibling: WatchGroup<T> | null;
  /** Events for the members, collected by whoever dispatches; null in between. */
  matches: SharedEvent[] | null = null;
  /** The member while there is one; a set of one would take more memory than all the rest. */
  #only: T | null = null;
  /** The members while there are several. */
  #members: Set<T> | null = null;

  constructor(interest: Interest, sibling: WatchGroup<T> | null) {
    this.range = interest.range;
    this.prevKv = interest.prevKv;
    this.dropsPuts = interest.dropsPuts;
    this.dropsDeletes = interest.dropsDeletes;
    this.sibling = sibling;
  }

  get isEmpty(): boolean {
    return this.#only === null && this.#members === null;
  }

  /** Whether the filters let the event through. */
  passes(event: SharedEvent): boolean {
    return event.change.kind === 'put' ? !this.dropsPuts : !this.dropsDeletes;
  }

  add(member: T): void {
    if (this.#members !== null) {
      this.#members.add(member);
    } else if (this.#only === null || this.#only === member) {
      this.#only = member;
    } else {
      this.#members = new Set([this.#only, member]);
      this.#only = null;
    }
  }

  /** A no-op when it is not there. */
  remove(member: T): void {
    if (this.#only === member) this.#only = null;
    if (this.#members?.delete(member) === true && this.#members.size === 0) this.#members = null;
  }

  /** Visits all members; those removed before their turn are passed over. */
  forEach(visitor: (member: T) => void): void {
    if (this.#members !== null) this.#members.forEach(visitor);
    else if (this.#only !== null) visitor(this.#only);
  }
}

/** Groups of watchers by the keys they are on: O(log n + groups) for those on one key, O(1) when all are on single keys. */
export class WatchGroups<T extends Interest> {
  /** The first group whose range begins with the key; the others are its siblings. */
  readonly #byStart = new Map<string, WatchGroup<T>>();
  /** Those on more than one key. */
  readonly #ranges = new RangeTree<WatchGroup<T>>();

  get isEmpty(): boolean {
    return this.#byStart.size === 0;
  }

  /** Puts a watcher into the group of its interest, which is returned. */
  add(member: T): WatchGroup<T> {
    const group = this.#find(member) ?? this.#make(member);
    group.add(member);
    return group;
  }

  /** A no-op when it is not there. */
  remove(member: T): void {
    const group = this.#find(member);
    if (group === null) return;
    group.remove(member);
    if (group.isEmpty) this.#drop(group);
  }

  /** Visits every group that is on the key (latin1), each once. Members must not be added or removed meanwhile. */
  visit(key: string, visitor: (group: WatchGroup<T>) => void): void {
    for (let group = this.#byStart.get(key) ?? null; group !== null; group = group.sibling) {
      if (group.range.isSingle) visitor(group);
    }
    this.#ranges.visit(key, visitor);
  }

  #find(interest: Interest): WatchGroup<T> | null {
    let group = this.#byStart.get(interest.range.start) ?? null;
    while (group !== null && !isSame(group, interest)) group = group.sibling;
    return group;
  }

  #make(interest: Interest): WatchGroup<T> {
    const { start, end, isSingle } = interest.range;
    const group = new WatchGroup<T>(interest, this.#byStart.get(start) ?? null);
    this.#byStart.set(start, group);
    if (!isSingle) this.#ranges.add(start, end, group);
    return group;
  }

  #drop(group: WatchGroup<T>): void {
    const { start, end, isSingle } = group.range;
    if (!isSingle) this.#ranges.remove(start, end, group);
    const first = this.#byStart.get(start);
    if (first === group) {
      if (group.sibling === null) this.#byStart.delete(start);
      else this.#byStart.set(start, group.sibling);
      return;
    }
    let before = first;
    while (before !== undefined && before.sibling !== group) before = before.sibling ?? undefined;
    assert(before !== undefined, 'a group is not among those of its key');
    before.sibling = group.sibling;
  }
}

function isSame(a: Interest, b: Interest): boolean {
  if (a.prevKv !== b.prevKv || a.dropsPuts !== b.dropsPuts) return false;
  if (a.dropsDeletes !== b.dropsDeletes) return false;
  const { end, isSingle } = a.range;
  return isSingle === b.range.isSingle && end === b.range.end;
}
