import type { Clock } from '../../base/clock.js';

/** An expectation that is older is not waited for any more: a watch has lost it, as client-go assumes too. */
const ageMsMax = 300_000;

interface Expected {
  creations: number;
  /** UIDs; a deletion is seen twice when an object is marked first and gone later. */
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

/**
 * What a controller has asked the server for and its informers have not shown yet. As long as something is expected of a key, its
 * cache is known to be old, and the controller would do the same twice.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins to expect, in place of what was expected of the key before. */
  expect(
    key: string,
    { creations = 0, deletions = [] }: { creations?: number; deletions?: readonly string[] },
  ): void {
    const sinceMs = this.#clock.now();
    this.#byKey.set(key, { creations, deletions: new Set(deletions), sinceMs });
  }

  /** A creation was seen, or failed. */
  onCreated(key: string): void {
    const expected = this.#byKey.get(key);
    if (expected !== undefined && expected.creations > 0) expected.creations--;
  }

  /** A deletion was seen, or failed. */
  onDeleted(key: string, uid: string): void {
    this.#byKey.get(key)?.deletions.delete(uid);
  }

  /** Everything was seen, or has taken too long. */
  isFulfilled(key: string): boolean {
    const expected = this.#byKey.get(key);
    if (expected === undefined) return true;
    const isSeen = expected.creations === 0 && expected.deletions.size === 0;
    return isSeen || this.#clock.now() - expected.sinceMs > ageMsMax;
  }

  /** The key is gone. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
