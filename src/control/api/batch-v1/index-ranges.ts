import { quote } from '../../machinery/quote.js';

/** Why a list of indexes cannot be read, in the words that clients know. */
export class IndexRangeError extends Error {}

/** The first and the last of some indexes that follow each other. */
export interface IndexRange {
  readonly first: number;
  readonly last: number;
}

/** Reads `1,3-5,7`: growing indexes below `completions`. Throws {@link IndexRangeError}. */
export function parseIndexRanges(text: string, completions: number): readonly IndexRange[] {
  if (text === '') return [];
  let before: number | undefined;
  return text.split(',').map((part) => {
    const range = parseIndexRange(part, completions);
    if (before !== undefined && before >= range.first) throw notIncreasing(before, range.first);
    before = range.last;
    return range;
  });
}

/** How many indexes the ranges hold. */
export function countIndexes(ranges: readonly IndexRange[]): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** The lowest index that is in both; undefined when there is none. What cannot be read on either side is left out. */
export function commonIndex(a: string, b: string, completions: number): number | undefined {
  const [left, right] = [a, b].map((text) => readableRanges(text, completions));
  let [i, j] = [0, 0];
  for (;;) {
    const [one, other] = [left?.[i], right?.[j]];
    if (one === undefined || other === undefined) return undefined;
    if (one.first <= other.last && other.first <= one.last) {
      return Math.max(one.first, other.first);
    }
    if (one.first <= other.first) i += 1;
    else j += 1;
  }
}

function readableRanges(text: string, completions: number): IndexRange[] {
  if (text === '') return [];
  return text.split(',').flatMap((part) => {
    try {
      return [parseIndexRange(part, completions)];
    } catch (error) {
      if (error instanceof IndexRangeError) return [];
      throw error;
    }
  });
}

function parseIndexRange(text: string, completions: number): IndexRange {
  const parts = text.split('-');
  if (parts.length > 2) {
    throw new IndexRangeError(
      `the fragment ${quote(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    );
  }
  const [first = 0, last] = parts.map((part) => parseIndex(part, completions));
  if (last !== undefined && first >= last) throw notIncreasing(first, last);
  return { first, last: last ?? first };
}

function parseIndex(text: string, completions: number): number {
  if (!/^[+-]?[0-9]{1,15}$/.test(text)) {
    throw new IndexRangeError(`cannot convert string to integer for index: ${quote(text)}`);
  }
  const index = Number(text);
  if (index >= completions) throw new IndexRangeError(`too large index: ${quote(text)}`);
  return index;
}

function notIncreasing(previous: number, current: number): IndexRangeError {
  return new IndexRangeError(`non-increasing order, previous: ${previous}, current: ${current}`);
}
