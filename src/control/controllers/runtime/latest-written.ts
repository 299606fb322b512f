import type { KubeObject } from '../../machinery/object.js';

/**
 * Objects as a controller last wrote them, until the informer has caught up: a decision that rests on the state before one's own last
 * write is made twice. Memory: one object a key whose write was not seen yet.
 */
export class LatestWritten<T extends KubeObject> {
  readonly #byKey = new Map<string, T>();

  /** Keeps what the server answered to a write. */
  set(key: string, written: T): void {
    this.#byKey.set(key, written);
  }

  /** The later of what the informer shows and of what was written; what it does not show is gone. */
  newest(key: string, shown: T | undefined): T | undefined {
    const written = this.#byKey.get(key);
    if (written === undefined) return shown;
    const isBehind =
      shown !== undefined &&
      shown.metadata.uid === written.metadata.uid &&
      revisionOf(shown) < revisionOf(written);
    if (isBehind) return written;
    this.#byKey.delete(key);
    return shown;
  }

  delete(key: string): void {
    this.#byKey.delete(key);
  }
}

function revisionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion ?? 0);
}
