import type { Clock } from '../../../base/clock.js';
import { objectKey } from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { controllerOf } from './owner.js';

/** An informer that has not shown a write for so long never will: the object has changed hands or has gone. */
const ageMsMax = 60_000;

interface Write<T> {
  readonly object: T;
  readonly atMs: number;
}

/**
 * What a controller has written and its informer may not show yet. Who reads through it never acts on a state that is older than its
 * own writes. Bounded by the writes of a minute.
 */
export class OwnWrites<T extends KubeObject> {
  readonly #clock: Clock;
  readonly #writes = new Map<string, Write<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The object as the server answered a write with it. */
  remember(object: T): void {
    this.#writes.set(objectKey(object), { object, atMs: this.#clock.now() });
  }

  /** The informer has shown the object, or that it is gone. */
  onSeen(object: T, isGone = false): void {
    const key = objectKey(object);
    const write = this.#writes.get(key);
    if (write === undefined) return;
    const isSame = write.object.metadata.uid === object.metadata.uid;
    if (isGone ? isSame : versionOf(object) >= versionOf(write.object)) this.#writes.delete(key);
  }

  /** The listed objects, those written since as written, and those that `owner` got and nobody listed yet. */
  over(listed: readonly T[], owner: KubeObject): readonly T[] {
    if (this.#writes.size === 0) return listed;
    const keys = new Set<string>();
    const current = listed.map((object) => {
      const key = objectKey(object);
      keys.add(key);
      const write = this.#fresh(key);
      return write !== undefined && versionOf(write) > versionOf(object) ? write : object;
    });
    const { uid } = owner.metadata;
    for (const key of this.#writes.keys()) {
      if (keys.has(key)) continue;
      const write = this.#fresh(key);
      if (write !== undefined && controllerOf(write)?.uid === uid) current.push(write);
    }
    return current;
  }

  #fresh(key: string): T | undefined {
    const write = this.#writes.get(key);
    if (write === undefined) return undefined;
    if (this.#clock.now() - write.atMs <= ageMsMax) return write.object;
    this.#writes.delete(key);
    return undefined;
  }
}

/** Versions of one resource are ordered (Kubernetes 1.35 promises it). */
function versionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion ?? 0);
}
