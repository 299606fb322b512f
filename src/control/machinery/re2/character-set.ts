/** Code points from the first to the second, both included. */
export type CodeRange = readonly [from: number, to: number];

/** Part of a set: ranges, or what a property of Unicode names. */
export interface SetItem {
  readonly ranges: readonly CodeRange[];
  /** As it stands in an expression of this language: `gc=Lu`, `Script=Greek`; '' without. */
  readonly property: string;
  readonly isNegated: boolean;
}

/** The last code point of Unicode. */
export const lastCodePoint = 0x10ffff;

/** A set of characters that one step of an expression takes. */
export class CharacterSet {
  /** The same text stands for the same set. */
  readonly key: string;
  readonly #items: readonly Test[];
  readonly #isNegated: boolean;

  constructor(
    items: readonly SetItem[],
    { isNegated = false, isCaseless = false }: { isNegated?: boolean; isCaseless?: boolean } = {},
  ) {
    this.#items = items.map((item) => testOf(item, isCaseless));
    this.#isNegated = isNegated;
    this.key = JSON.stringify([items, isNegated, isCaseless]);
  }

  /** One character. */
  static of(codePoint: number, isCaseless: boolean): CharacterSet {
    return new CharacterSet([rangeItem([codePoint, codePoint])], { isCaseless });
  }

  has(codePoint: number): boolean {
    for (const test of this.#items) if (test(codePoint)) return !this.#isNegated;
    return this.#isNegated;
  }
}

/** An item of these ranges. */
export function rangeItem(...ranges: readonly CodeRange[]): SetItem {
  return { ranges, property: '', isNegated: false };
}

type Test = (codePoint: number) => boolean;

/** Case folding is left to the language, one character at a time: it folds as Go does, by Unicode's simple rules. */
function testOf({ ranges, property, isNegated }: SetItem, isCaseless: boolean): Test {
  if (property === '' && !isCaseless) {
    return (codePoint) =>
      ranges.some(([from, to]) => from <= codePoint && codePoint <= to) !== isNegated;
  }
  const source = property === '' ? ranges.map(rangeSource).join('') : `\\p{${property}}`;
  const expression = new RegExp(`^[${source}]$`, isCaseless ? 'iu' : 'u');
  return (codePoint) => expression.test(String.fromCodePoint(codePoint)) !== isNegated;
}

function rangeSource([from, to]: CodeRange): string {
  return `\\u{${from.toString(16)}}-\\u{${to.toString(16)}}`;
}
