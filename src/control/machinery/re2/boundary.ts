import { CharacterSet, rangeItem } from './character-set.js';
import { perlClasses } from './class-names.js';
import type { Assertion } from './syntax-tree.js';

const newline = 10;

/** What assertions of lines look at. */
export const newlines: CharacterSet = CharacterSet.of(newline, false);
/** What assertions of words look at. */
export const wordCharacters: CharacterSet = new CharacterSet([
  rangeItem(...(perlClasses.get('w') ?? [])),
]);

/** Whether an assertion holds between two characters; -1 stands for the ends of the text. */
export function holds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case 'text-start':
      return before < 0;
    case 'text-end':
      return after < 0;
    case 'line-start':
      return before < 0 || before === newline;
    case 'line-end':
      return after < 0 || after === newline;
    case 'word-boundary':
      return isWord(before) !== isWord(after);
    case 'no-word-boundary':
      return isWord(before) === isWord(after);
  }
}

/** Of ASCII alone, as RE2 has it. */
function isWord(codePoint: number): boolean {
  return codePoint >= 0 && wordCharacters.has(codePoint);
}

const letter = 0x61;
const space = 0x20;

/** A character that assertions cannot tell from this one; there are few. */
export function standInOf(codePoint: number): number {
  if (codePoint < 0 || codePoint === newline) return codePoint;
  return isWord(codePoint) ? letter : space;
}
