import { assert } from '../../../base/assert.js';

/** What plugins remember between the steps of one pod's cycle, under their own names. */
export class CycleState {
  readonly #data = new Map<string, unknown>();
  /** Plugins whose `preFilter` had nothing to do with this pod. */
  readonly skippedFilters = new Set<string>();
  /** Plugins whose `preScore` had nothing to do with this pod. */
  readonly skippedScores = new Set<string>();

  write(key: string, value: StateData): void {
    this.#data.set(key, value);
  }

  /** Asserts that it is there: the plugin's own earlier step wrote it. */
  read<T extends StateData>(key: string): T {
    const value = this.#data.get(key);
    assert(value !== undefined, `the cycle has no state ${JSON.stringify(key)}`);
    return value as T;
  }

  find<T extends StateData>(key: string): T | undefined {
    return this.#data.get(key) as T | undefined;
  }

  /** A copy that preemption may change to ask what if. */
  clone(): CycleState {
    const copy = new CycleState();
    for (const [key, value] of this.#data) copy.#data.set(key, (value as StateData).clone());
    for (const name of this.skippedFilters) copy.skippedFilters.add(name);
    for (const name of this.skippedScores) copy.skippedScores.add(name);
    return copy;
  }
}

/** What a plugin keeps for a cycle. What never changes may return itself. */
export interface StateData {
  clone(): StateData;
}
