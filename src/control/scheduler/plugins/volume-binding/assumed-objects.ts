import type { Lister } from '../../../client/index.js';
import { objectKey } from '../../../client/index.js';
import type { KubeObject } from '../../../machinery/object.js';

interface Assumed<T> {
  readonly object: T;
  /** The version that was changed; the assumption ends when there is another. */
  readonly version: string | undefined;
}

/** Objects as they will be once what was decided about them is written. */
export class AssumedObjects<T extends KubeObject> {
  readonly #lister: Lister<T>;
  readonly #assumed = new Map<string, Assumed<T>>();

  constructor(lister: Lister<T>) {
    this.#lister = lister;
  }

  /** As it will be. */
  get(key: string): T | undefined {
    const known = this.#lister.byKey(key);
    const assumed = this.#assumed.get(key);
    if (assumed === undefined) return known;
    if (known !== undefined && known.metadata.resourceVersion === assumed.version)
      return assumed.object;
    this.#assumed.delete(key);
    return known;
  }

  /** As it is. */
  known(key: string): T | undefined {
    return this.#lister.byKey(key);
  }

  *all(): Iterable<T> {
    for (const known of this.#lister.all()) yield this.get(objectKey(known)) ?? known;
  }

  /** `object` is a changed copy of what is known. */
  assume(object: T): void {
    this.#assumed.set(objectKey(object), { object, version: object.metadata.resourceVersion });
  }

  restore(key: string): void {
    this.#assumed.delete(key);
  }
}
