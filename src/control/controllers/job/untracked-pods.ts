/**
 * Pods whose tracking finalizer was removed, by the key of their job, until the informers show it: their end is counted already, and
 * must not be counted again.
 */
export class UntrackedPods {
  readonly #byKey = new Map<string, Set<string>>();

  of(key: string): ReadonlySet<string> {
    return this.#byKey.get(key) ?? none;
  }

  add(key: string, uid: string): void {
    const uids = this.#byKey.get(key);
    if (uids === undefined) this.#byKey.set(key, new Set([uid]));
    else uids.add(uid);
  }

  /** The informers show it, or it was not removed after all. */
  delete(key: string, uid: string): void {
    const uids = this.#byKey.get(key);
    if (uids?.delete(uid) && uids.size === 0) this.#byKey.delete(key);
  }
}

const none: ReadonlySet<string> = new Set();
