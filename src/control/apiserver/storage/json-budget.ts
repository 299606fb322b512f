import { assert } from '../../../base/assert.js';

/** Who keeps JSON that can be made again. */
export interface JsonKeeper {
  dropJson(): void;
}

const bytesMaxDefault = 64 * 1024 * 1024;
/** Once the budget is used up, one in so many texts that are made to be sent with others displaces older ones. */
const keptOneIn = 8;
/** This part of the budget is for states that others have replaced: watchers that are a little behind still send them. */
const replacedPart = 1 / 16;

/**
 * Bounds the memory of JSON that is kept to be sent again: beyond it the oldest is given up, and that of replaced states, which hardly
 * anybody reads, long before that of present ones.
 */
export class JsonBudget {
  readonly #present: Share;
  readonly #replaced: Share;
  readonly #bytesMax: number;
  /** Texts that there was no room for. */
  #refused = 0;

  constructor(bytesMax: number = bytesMaxDefault) {
    assert(bytesMax > 0);
    this.#bytesMax = bytesMax;
    this.#present = new Share(bytesMax);
    this.#replaced = new Share(Math.ceil(bytesMax * replacedPart));
  }

  /** How many bytes are kept. */
  get bytes(): number {
    return this.#present.bytes + this.#replaced.bytes;
  }

  /**
   * Whether a text that somebody needs among many is to be kept. What there is no room for mostly is not: a list of more than the budget
   * would displace all that is kept before it comes to it the next time, and find nothing. Some are, so that lists of a few objects
   * that are asked for again and again get room.
   */
  isWorthKeeping(bytes: number): boolean {
    if (this.#present.bytes + bytes <= this.#bytesMax) return true;
    this.#refused = (this.#refused + 1) % keptOneIn;
    return this.#refused === 0;
  }

  /** Counts a text that was made, and gives up older ones for it if need be. */
  onMade(
    keeper: JsonKeeper,
    bytes: number,
    { isReplaced = false }: { readonly isReplaced?: boolean } = {},
  ): void {
    (isReplaced ? this.#replaced : this.#present).add(keeper, bytes);
  }

  /** The state is not the present one any more. */
  onReplaced(keeper: JsonKeeper): void {
    const bytes = this.#present.remove(keeper);
    if (bytes !== undefined) this.#replaced.add(keeper, bytes);
  }
}

/** What is kept of somebody; null: nothing any more. */
interface Kept {
  keeper: JsonKeeper | null;
  readonly bytes: number;
}

const compactFrom = 1024;

/** Texts up to a number of bytes. */
class Share {
  readonly #bytesMax: number;
  readonly #byKeeper = new Map<JsonKeeper, Kept>();
  /** In the order of making, with gaps where somebody left; those before #head are gone. */
  #queue: Kept[] = [];
  #head = 0;
  /** Sum of what is kept. Invariant: at most #bytesMax, unless a single text is larger. */
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(keeper: JsonKeeper, bytes: number): void {
    this.remove(keeper);
    const kept = { keeper, bytes };
    this.#byKeeper.set(keeper, kept);
    this.#queue.push(kept);
    this.#bytes += bytes;
    while (this.#bytes > this.#bytesMax && this.#head < this.#queue.length - 1) this.#dropOldest();
    this.#compact();
  }

  /** Its bytes; undefined when it is not here. */
  remove(keeper: JsonKeeper): number | undefined {
    const kept = this.#byKeeper.get(keeper);
    if (kept === undefined) return undefined;
    this.#byKeeper.delete(keeper);
    kept.keeper = null;
    this.#bytes -= kept.bytes;
    return kept.bytes;
  }

  #dropOldest(): void {
    const oldest = this.#queue[this.#head];
    assert(oldest !== undefined);
    this.#head++;
    const { keeper } = oldest;
    if (keeper === null) return;
    this.remove(keeper);
    keeper.dropJson();
  }

  /** Gaps are never more than half of the queue. */
  #compact(): void {
    if (this.#queue.length < compactFrom || this.#byKeeper.size * 2 > this.#queue.length) return;
    this.#queue = this.#queue.filter(({ keeper }) => keeper !== null);
    this.#head = 0;
  }
}
