import type { CharacterSet } from './character-set.js';

const asciiCount = 128;
/** Other characters whose class is remembered. */
const rememberedMax = 4096;

/** Characters as the sets of one program tell them apart: those that are in the same sets are of one class. */
export class Alphabet {
  readonly #sets: readonly CharacterSet[];
  /** -1: not looked at yet. */
  readonly #ascii = new Int32Array(asciiCount).fill(-1);
  readonly #others = new Map<number, number>();
  readonly #bySignature = new Map<string, number>();
  readonly #members: Uint8Array[] = [];

  constructor(sets: readonly CharacterSet[]) {
    this.#sets = sets;
  }

  /** The class of a character, counted from 0 as they are met. */
  classOf(codePoint: number): number {
    const known =
      codePoint < asciiCount ? (this.#ascii[codePoint] ?? -1) : (this.#others.get(codePoint) ?? -1);
    return known >= 0 ? known : this.#look(codePoint);
  }

  /** Whether characters of a class are in a set. */
  isIn(characterClass: number, set: number): boolean {
    return this.#members[characterClass]?.[set] === 1;
  }

  #look(codePoint: number): number {
    const members = Uint8Array.from(this.#sets, (set) => (set.has(codePoint) ? 1 : 0));
    const signature = members.join('');
    let found = this.#bySignature.get(signature);
    if (found === undefined) {
      found = this.#members.push(members) - 1;
      this.#bySignature.set(signature, found);
    }
    if (codePoint < asciiCount) this.#ascii[codePoint] = found;
    else {
      if (this.#others.size >= rememberedMax) this.#others.clear();
      this.#others.set(codePoint, found);
    }
    return found;
  }
}
