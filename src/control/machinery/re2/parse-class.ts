import { CharacterSet, rangeItem, type SetItem } from './character-set.js';
import { posixClasses } from './class-names.js';
import { PatternError } from './pattern-error.js';
import { codePointOf, type PatternText } from './pattern-text.js';

/** Reads a class in brackets; the opening one is next. Throws PatternError. */
export function parseClass(text: PatternText, isCaseless: boolean): CharacterSet {
  const start = text.position;
  text.next();
  const isNegated = text.take('^');
  const items: SetItem[] = [];
  // A bracket that comes first stands for itself.
  for (let isFirst = true; isFirst || text.peek() !== ']'; isFirst = false) {
    if (text.isAtEnd) throw missingBracket(text, start);
    items.push(posixItem(text) ?? text.escapedClass() ?? range(text, start));
  }
  text.next();
  return new CharacterSet(items, { isNegated, isCaseless });
}

/** `[:alpha:]`, `[:^alpha:]`; null when something else is next. */
function posixItem(text: PatternText): SetItem | null {
  if (text.peek() !== '[' || text.peek(1) !== ':') return null;
  const start = text.position;
  const end = text.from(start).indexOf(':]');
  if (end < 0) return null;
  const whole = text.from(start).slice(0, end + 2);
  const [, caret = '', name = ''] = /^\[:(\^?)(.*):\]$/s.exec(whole) ?? [];
  const ranges = posixClasses.get(name);
  if (ranges === undefined) throw new PatternError('invalid character class range', whole);
  text.take(whole);
  return { ranges, property: '', isNegated: caret !== '' };
}

function range(text: PatternText, classStart: number): SetItem {
  const start = text.position;
  const from = character(text, classStart);
  if (text.peek() !== '-' || text.peek(1) === ']') return rangeItem([from, from]);
  text.next();
  const to = character(text, classStart);
  if (to < from) throw new PatternError('invalid character class range', text.since(start));
  return rangeItem([from, to]);
}

function character(text: PatternText, classStart: number): number {
  if (text.isAtEnd) throw missingBracket(text, classStart);
  return text.peek() === '\\' ? text.escapedCharacter() : codePointOf(text.next());
}

function missingBracket(text: PatternText, start: number): PatternError {
  return new PatternError('missing closing ]', text.from(start));
}
