import type { Clock } from '../../../base/clock.js';
import type { KubeObject } from '../../machinery/object.js';
import type { WatchEvent } from '../transport.js';
import type { HandlerSet } from './handler-set.js';
import { type ObjectCache, objectKey } from './object-cache.js';

/** Others get the loop after so long. */
const sliceMs = 5;

/**
 * Turns lists and events into changes of a cache, and tells handlers of each change once: what the cache has already in the same
 * version is no change, and another object of the same name is a deletion and an addition.
 */
export class ObjectMirror<T extends KubeObject> {
  readonly #cache: ObjectCache<T>;
  readonly #handlers: HandlerSet<T>;
  readonly #clock: Clock;

  constructor(cache: ObjectCache<T>, handlers: HandlerSet<T>, clock: Clock) {
    this.#cache = cache;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  /** Takes an event of a watch; bookmarks are none of its business. */
  onEvent({ type, object }: WatchEvent<T>): void {
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.#remove(objectKey(object), object);
    else this.#put(object);
  }

  /** Makes the cache what a list says. Gives the loop back now and then. */
  async replace(objects: readonly T[]): Promise<void> {
    const present = new Set<string>();
    for (const object of objects) present.add(objectKey(object));
    const slice = new TimeSlice(this.#clock);
    for (const key of [...this.#cache.keys()]) {
      if (!present.has(key)) this.#remove(key, null);
      await slice.maybePause();
    }
    for (const object of objects) {
      this.#put(object);
      await slice.maybePause();
    }
  }

  /** Tells of all objects again. */
  resync(): void {
    for (const object of [...this.#cache.all()]) this.#handlers.onUpdate(object, object);
  }

  #put(object: T): void {
    const key = objectKey(object);
    const before = this.#cache.byKey(key);
    if (before !== undefined && before.metadata.uid !== object.metadata.uid) {
      this.#remove(key, null);
      this.#add(key, object);
    } else if (before === undefined) {
      this.#add(key, object);
    } else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) {
      this.#cache.set(key, object);
      this.#handlers.onUpdate(before, object);
    }
  }

  #add(key: string, object: T): void {
    this.#cache.set(key, object);
    this.#handlers.onAdd(object);
  }

  #remove(key: string, lastState: T | null): void {
    const before = this.#cache.byKey(key);
    if (before === undefined) return;
    this.#cache.delete(key);
    this.#handlers.onDelete(lastState ?? before);
  }
}

class TimeSlice {
  readonly #clock: Clock;
  #endMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endMs = clock.now() + sliceMs;
  }

  maybePause(): Promise<void> | undefined {
    if (this.#clock.now() < this.#endMs) return undefined;
    return new Promise((resolve) => {
      this.#clock.defer(() => {
        this.#endMs = this.#clock.now() + sliceMs;
        resolve();
      });
    });
  }
}
