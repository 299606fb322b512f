import type { Pod } from '../../api/gen/core-v1.js';
import { splitKey } from '../../client/index.js';
import type { LabelSelector } from '../../machinery/label-selector.js';

/** What the targets of autoscalers select, to find pods that two of them fight over. */
export class Selectors {
  readonly #byKey = new Map<string, LabelSelector>();

  delete(key: string): void {
    this.#byKey.delete(key);
  }

  /** Notes what an autoscaler selects; the keys of all that select some of these pods, in order, if it is not the only one. */
  rivals(key: string, selector: LabelSelector, pods: readonly Pod[]): readonly string[] {
    this.#byKey.set(key, selector);
    const { namespace } = splitKey(key);
    const keys = [...this.#byKey]
      .filter(([other, one]) => {
        if (splitKey(other).namespace !== namespace) return false;
        return pods.some(({ metadata }) => one.matches(metadata.labels));
      })
      .map(([other]) => other);
    return keys.length > 1 ? keys.sort() : [];
  }
}
