import type { OwnerReference } from '../../machinery/object.js';

const keptMax = 500;

/**
 * Owners that the server did not have when it was asked: their other dependents need not ask again. A UID is never given twice, so that
 * what is gone does not come back. As Kubernetes' collector, it keeps the last 500.
 */
export class AbsentOwners {
  /** In the order of use. */
  readonly #known = new Set<string>();

  has(namespace: string, owner: OwnerReference): boolean {
    const key = keyOf(namespace, owner);
    if (!this.#known.delete(key)) return false;
    this.#known.add(key);
    return true;
  }

  /** `namespace` is where it was looked for; '' for what has none. */
  add(namespace: string, owner: OwnerReference): void {
    this.#known.add(keyOf(namespace, owner));
    if (this.#known.size <= keptMax) return;
    for (const oldest of this.#known) {
      this.#known.delete(oldest);
      return;
    }
  }
}

/** A reference with any part wrong names another owner, which may be there. */
function keyOf(namespace: string, { apiVersion, kind, name, uid }: OwnerReference): string {
  return JSON.stringify([namespace, apiVersion, kind, name, uid]);
}
