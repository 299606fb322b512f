import type { PodInfo } from '../framework/node-info.js';

/** What is computed once for all pods of a template. Memory: so many templates at most, the oldest forgotten first. */
export class PerTemplate<T> {
  readonly #compute: (pod: PodInfo) => T;
  readonly #known = new Map<string, T>();
  readonly #templatesMax: number;

  /** `compute` looks at nothing but what `PodInfo.templateKey` covers. */
  constructor(compute: (pod: PodInfo) => T, templatesMax = 1000) {
    this.#compute = compute;
    this.#templatesMax = templatesMax;
  }

  of(pod: PodInfo): T {
    const known = this.#known.get(pod.templateKey);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#templatesMax) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    const computed = this.#compute(pod);
    this.#known.set(pod.templateKey, computed);
    return computed;
  }
}
