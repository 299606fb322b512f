import type { CycleState, StateData } from '../framework/cycle-state.js';

/** What a plugin keeps for a cycle under one name. It is asked for node by node, so the last cycle's is at hand. */
export class CycleSlot<T extends StateData> {
  readonly #key: string;
  #state: CycleState | null = null;
  /** Invariant: that of `#state`. */
  #value: T | null = null;

  constructor(key: string) {
    this.#key = key;
  }

  write(state: CycleState, value: T): void {
    state.write(this.#key, value);
    this.#state = state;
    this.#value = value;
  }

  /** Asserts that it was written in this cycle. */
  read(state: CycleState): T {
    if (state === this.#state && this.#value !== null) return this.#value;
    this.#state = state;
    this.#value = state.read<T>(this.#key);
    return this.#value;
  }
}
