import type { CodeRange, SetItem } from './character-set.js';

const span = (text: string): CodeRange => [text.codePointAt(0) ?? 0, text.codePointAt(1) ?? 0];
const digits = span('09');
const upper = span('AZ');
const lower = span('az');
const underscore: CodeRange = [0x5f, 0x5f];
const space: CodeRange = [0x20, 0x20];

/** Classes of ASCII as `[[:name:]]`. */
export const posixClasses: ReadonlyMap<string, readonly CodeRange[]> = new Map([
  ['alnum', [digits, upper, lower]],
  ['alpha', [upper, lower]],
  ['ascii', [[0, 0x7f]]],
  ['blank', [[9, 9], space]],
  [
    'cntrl',
    [
      [0, 0x1f],
      [0x7f, 0x7f],
    ],
  ],
  ['digit', [digits]],
  ['graph', [span('!~')]],
  ['lower', [lower]],
  ['print', [span(' ~')]],
  ['punct', [span('!/'), span(':@'), span('[`'), span('{~')]],
  ['space', [[9, 13], space]],
  ['upper', [upper]],
  ['word', [digits, upper, lower, underscore]],
  ['xdigit', [digits, span('AF'), span('af')]],
]);

/** Perl's: `\d`, `\s`, `\w`. */
export const perlClasses: ReadonlyMap<string, readonly CodeRange[]> = new Map([
  ['d', [digits]],
  ['s', [[9, 10], [12, 13], space]],
  ['w', [digits, upper, lower, underscore]],
]);

/** What `\p{name}` is: a general category, or a script. Null: Unicode has neither. */
export function unicodeItem(name: string, isNegated: boolean): SetItem | null {
  if (name === 'Any') return { ranges: [[0, 0x10ffff]], property: '', isNegated };
  for (const property of [`gc=${name}`, `Script=${name}`]) {
    if (!/^\w+=\w+$/.test(property) || !isProperty(property)) continue;
    return { ranges: [], property, isNegated };
  }
  return null;
}

function isProperty(property: string): boolean {
  try {
    new RegExp(`\\p{${property}}`, 'u');
    return true;
  } catch {
    return false;
  }
}
