import { defined } from '../../../base/assert.js';
import { CharacterSet, lastCodePoint, rangeItem } from './character-set.js';
import { parseClass } from './parse-class.js';
import { PatternError } from './pattern-error.js';
import { codePointOf, PatternText } from './pattern-text.js';
import type { Assertion, Expression } from './syntax-tree.js';

/** What `(?...)` switches. */
interface Flags {
  /** i */
  readonly isCaseless: boolean;
  /** m: `^` and `$` are the ends of lines. */
  readonly isMultiLine: boolean;
  /** s: `.` takes the end of a line, too. */
  readonly takesNewline: boolean;
  /** U: what is lazy is greedy, and the other way round. */
  readonly isSwapped: boolean;
}

const noFlags: Flags = {
  isCaseless: false,
  isMultiLine: false,
  takesNewline: false,
  isSwapped: false,
};

const flagNames: Readonly<Record<string, keyof Flags>> = {
  i: 'isCaseless',
  m: 'isMultiLine',
  s: 'takesNewline',
  U: 'isSwapped',
};

const repeatMax = 1000;
/** Groups within groups: as deep as Go's parser goes. */
const depthMax = 1000;
const anyCharacter = new CharacterSet([rangeItem([0, lastCodePoint])]);
const anyButNewline = new CharacterSet([rangeItem([10, 10])], { isNegated: true });

/** Reads an expression in the syntax of RE2, as Go's regexp has it. Throws PatternError. */
export function parsePattern(text: string): Expression {
  return new Parser(text).parse();
}

class Parser {
  readonly #whole: string;
  readonly #text: PatternText;
  readonly #groupNames = new Set<string>();
  #flags = noFlags;
  #depth = 0;

  constructor(text: string) {
    this.#whole = text;
    this.#text = new PatternText(text);
  }

  parse(): Expression {
    const expression = this.#choice();
    if (!this.#text.isAtEnd) throw new PatternError('unexpected )', this.#whole);
    return expression;
  }

  /** Up to the end of the text, or of the group. */
  #choice(): Expression {
    const options = [this.#sequence()];
    while (this.#text.take('|')) options.push(this.#sequence());
    return options.length === 1 ? defined(options[0]) : { kind: 'choice', options };
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    while (!this.#text.isAtEnd && this.#text.peek() !== '|' && this.#text.peek() !== ')') {
      const part = this.#atom();
      parts.push(...part.slice(0, -1));
      const last = part.at(-1);
      if (last !== undefined) parts.push(this.#repeated(last));
    }
    return parts.length === 1 ? defined(parts[0]) : { kind: 'sequence', parts };
  }

  /** Usually one part; a quotation has several, and what only switches flags none. */
  #atom(): readonly Expression[] {
    const text = this.#text;
    const start = text.position;
    switch (text.peek()) {
      case '(':
        return this.#group();
      case '[':
        return [{ kind: 'set', set: parseClass(text, this.#flags.isCaseless) }];
      case '.':
        text.next();
        return [{ kind: 'set', set: this.#flags.takesNewline ? anyCharacter : anyButNewline }];
      case '^':
        text.next();
        return [assertion(this.#flags.isMultiLine ? 'line-start' : 'text-start')];
      case '$':
        text.next();
        return [assertion(this.#flags.isMultiLine ? 'line-end' : 'text-end')];
      case '*':
      case '+':
      case '?':
        throw new PatternError('missing argument to repetition operator', text.next());
      case '{':
        if (this.#bounds() !== null)
          throw new PatternError('missing argument to repetition operator', text.since(start));
        return [this.#character(codePointOf(text.next()))];
      case '\\':
        return this.#escape();
      default:
        return [this.#character(codePointOf(text.next()))];
    }
  }

  #escape(): readonly Expression[] {
    const text = this.#text;
    if (text.take('\\Q')) return this.#quotation();
    for (const [written, name] of escapedAssertions)
      if (text.take(written)) return [assertion(name)];
    const item = text.escapedClass();
    if (item === null) return [this.#character(text.escapedCharacter())];
    const { isCaseless } = this.#flags;
    return [{ kind: 'set', set: new CharacterSet([item], { isCaseless }) }];
  }

  #quotation(): readonly Expression[] {
    const parts: Expression[] = [];
    while (!this.#text.isAtEnd && !this.#text.take('\\E'))
      parts.push(this.#character(codePointOf(this.#text.next())));
    return parts;
  }

  #character(codePoint: number): Expression {
    return { kind: 'set', set: CharacterSet.of(codePoint, this.#flags.isCaseless) };
  }

  #group(): readonly Expression[] {
    const text = this.#text;
    const outer = this.#flags;
    text.next();
    if (text.take('?')) {
      if (text.take('P<') || text.take('<')) this.#groupName();
      else if (this.#switchFlags()) return [];
    }
    if (++this.#depth > depthMax)
      throw new PatternError('expression nests too deeply', this.#whole);
    const inner = this.#choice();
    this.#depth--;
    if (!text.take(')')) throw new PatternError('missing closing )', this.#whole);
    this.#flags = outer;
    return [inner];
  }

  #groupName(): void {
    const text = this.#text;
    const start = text.position;
    while (/\w/.test(text.peek())) text.next();
    const name = text.since(start);
    if (name !== '' && text.take('>') && !this.#groupNames.has(name)) {
      this.#groupNames.add(name);
      return;
    }
    const before = this.#whole.includes('(?P<') ? '(?P<' : '(?<';
    const rest = text.from(start);
    const end = rest.indexOf('>');
    throw new PatternError(
      'invalid named capture',
      before + (end < 0 ? rest : rest.slice(0, end + 1)),
    );
  }

  /** Reads flags; whether they are all that the group has: they hold for what comes after it then. */
  #switchFlags(): boolean {
    const text = this.#text;
    const start = text.position;
    let flags = this.#flags;
    let isOn = true;
    for (let isAny = false; ; isAny = true) {
      const letter = text.next();
      const name = flagNames[letter];
      if (name !== undefined) {
        flags = { ...flags, [name]: isOn };
        continue;
      }
      if (letter === '-' && isOn) {
        isOn = false;
        if (flagNames[text.peek()] !== undefined) continue;
        text.next();
      } else if ((letter === ':' || letter === ')') && (isAny || letter === ':')) {
        this.#flags = flags;
        return letter === ')';
      }
      if (letter === '') throw new PatternError('missing closing )', this.#whole);
      throw new PatternError('invalid or unsupported Perl syntax', `(?${text.since(start)}`);
    }
  }

  /** With the repetition that comes next, if there is one. */
  #repeated(of: Expression): Expression {
    const text = this.#text;
    const start = text.position;
    const bounds = this.#bounds();
    if (bounds === null) return of;
    const isLazy = text.take('?') !== this.#flags.isSwapped;
    const written = text.since(start);
    const [min, max] = bounds;
    if (min > repeatMax || (max !== null && (max > repeatMax || max < min)))
      throw new PatternError('invalid repeat count', written);
    const repeat: Expression = { kind: 'repeat', of, min, max, isLazy };
    if (countedCopies(repeat) > repeatMax) throw new PatternError('invalid repeat count', written);
    if (this.#bounds() !== null)
      throw new PatternError('invalid nested repetition operator', text.since(start));
    return repeat;
  }

  /** Reads `*`, `+`, `?` or `{n,m}`; null when something else is next. A brace that begins nothing stands for itself. */
  #bounds(): readonly [min: number, max: number | null] | null {
    const text = this.#text;
    if (text.take('*')) return [0, null];
    if (text.take('+')) return [1, null];
    if (text.take('?')) return [0, 1];
    if (text.peek() !== '{') return null;
    const found = /^\{(\d+)(,?)(\d*)\}/.exec(text.from(text.position).slice(0, 32));
    if (found === null || (found[2] === '' && found[3] !== '')) return null;
    const [whole, min = '', comma, max = ''] = found;
    text.take(whole);
    const least = Number(min);
    return [least, max === '' ? (comma === '' ? least : null) : Number(max)];
  }
}

const escapedAssertions: readonly (readonly [string, Assertion])[] = [
  ['\\A', 'text-start'],
  ['\\z', 'text-end'],
  ['\\b', 'word-boundary'],
  ['\\B', 'no-word-boundary'],
];

function assertion(name: Assertion): Expression {
  return { kind: 'assertion', assertion: name };
}

/** How often counted repetitions within each other repeat what is in the innermost. */
function countedCopies(expression: Expression): number {
  switch (expression.kind) {
    case 'set':
    case 'assertion':
      return 1;
    case 'sequence':
      return Math.max(1, ...expression.parts.map(countedCopies));
    case 'choice':
      return Math.max(1, ...expression.options.map(countedCopies));
    case 'repeat': {
      const { of, min, max } = expression;
      return Math.max(1, max ?? min) * countedCopies(of);
    }
  }
}
