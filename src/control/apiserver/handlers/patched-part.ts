import { cloneJson } from '../../machinery/clone.js';
import type { JsonObject } from '../../machinery/json.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';

/** Every object is read by these. */
const alwaysConcerned: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** An object on its way through a patch that is about a part of it only: the rest is neither copied nor read again. */
export class PatchedPart {
  /** What is to be patched. */
  readonly concerned: KubeObject;
  readonly #whole: KubeObject;
  readonly #isConcerned: (field: string) => boolean;

  /** `names` are the topmost fields that the patch may be about; null: any. */
  constructor(whole: KubeObject, names: ReadonlySet<string> | null) {
    this.#whole = whole;
    this.#isConcerned = (field) => names === null || names.has(field) || alwaysConcerned.has(field);
    this.concerned = names === null ? whole : this.#pick(whole);
  }

  /**
   * The whole object with the part that was patched, in the order in which it was. The rest is that of the object as it was, or
   * (`isShared` false) a copy that may be changed.
   */
  joined(patched: KubeObject, { isShared }: { readonly isShared: boolean }): KubeObject {
    if (this.concerned === this.#whole) return patched;
    const part = fieldsOf(patched);
    const joined: JsonObject = {};
    for (const [field, value] of Object.entries(fieldsOf(this.#whole))) {
      const own = this.#isConcerned(field) ? part[field] : isShared ? value : cloneJson(value);
      if (own !== undefined) joined[field] = own;
    }
    for (const [field, value] of Object.entries(part)) joined[field] ??= value;
    return joined as unknown as KubeObject;
  }

  #pick(whole: KubeObject): KubeObject {
    const fields = Object.entries(whole).filter(([field]) => this.#isConcerned(field));
    return Object.fromEntries(fields) as unknown as KubeObject;
  }
}
