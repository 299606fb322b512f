import { assert } from '../../../base/assert.js';

/** Who keeps JSON that can be made again. */
export interface JsonKeeper {
  dropJson(): void;
}

const bytesMaxDefault = 64 * 1024 * 1024;

/** Bounds the memory of JSON that is kept to be sent again: beyond it the oldest is given up. */
export class JsonBudget {
  readonly #bytesMax: number;
  /** In the order of making; those before #head are given up already. */
  #kept: { readonly keeper: JsonKeeper; readonly bytes: number }[] = [];
  #head = 0;
  /** Sum of what is kept. Invariant: at most #bytesMax, unless a single text is larger. */
  #bytes = 0;

  constructor(bytesMax: number = bytesMaxDefault) {
    assert(bytesMax > 0);
    this.#bytesMax = bytesMax;
  }

  /** How many bytes are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts a text that was made, and gives up older ones for it if need be. */
  onMade(keeper: JsonKeeper, bytes: number): void {
    this.#kept.push({ keeper, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#bytesMax && this.#head < this.#kept.length - 1) this.#dropOldest();
  }

  #dropOldest(): void {
    const oldest = this.#kept[this.#head];
    assert(oldest !== undefined);
    this.#head++;
    this.#bytes -= oldest.bytes;
    oldest.keeper.dropJson();
    if (this.#head < 1024 || this.#head * 2 < this.#kept.length) return;
    this.#kept = this.#kept.slice(this.#head);
    this.#head = 0;
  }
}
