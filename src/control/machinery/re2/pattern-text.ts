import { type CodeRange, lastCodePoint, type SetItem } from './character-set.js';
import { perlClasses, unicodeItem } from './class-names.js';
import { PatternError } from './pattern-error.js';

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** The text of an expression and how far it was read, character by character. */
export class PatternText {
  readonly #characters: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#characters = [...text];
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#characters.length;
  }

  /** Where the next character is. */
  get position(): number {
    return this.#at;
  }

  /** The next character, or that many after it; '' beyond the end. */
  peek(ahead = 0): string {
    return this.#characters[this.#at + ahead] ?? '';
  }

  /** Reads one character. */
  next(): string {
    const character = this.peek();
    this.#at++;
    return character;
  }

  /** Reads this text if it comes next. */
  take(text: string): boolean {
    const length = [...text].length;
    if (this.#characters.slice(this.#at, this.#at + length).join('') !== text) return false;
    this.#at += length;
    return true;
  }

  /** What was read since that position. */
  since(position: number): string {
    return this.#characters.slice(position, this.#at).join('');
  }

  /** Everything from that position on. */
  from(position: number): string {
    return this.#characters.slice(position).join('');
  }

  /** Goes back. */
  reset(position: number): void {
    this.#at = position;
  }

  /** The class that an escape names, `\d` or `\p{Greek}`; null when the next is no such escape. Throws PatternError. */
  escapedClass(): SetItem | null {
    if (this.peek() !== '\\') return null;
    const letter = this.peek(1);
    const ranges: readonly CodeRange[] | undefined = perlClasses.get(letter.toLowerCase());
    if (ranges !== undefined) {
      this.#at += 2;
      return { ranges, property: '', isNegated: letter !== letter.toLowerCase() };
    }
    return letter === 'p' || letter === 'P' ? this.#unicodeClass() : null;
  }

  #unicodeClass(): SetItem {
    const start = this.#at;
    const isUpper = this.peek(1) === 'P';
    this.#at += 2;
    const [isBraced, first] = [this.peek() === '{', this.next()];
    let name = first;
    if (isBraced) {
      name = '';
      while (!this.isAtEnd && this.peek() !== '}') name += this.next();
      if (!this.take('}'))
        throw new PatternError('invalid character class range', this.from(start));
    }
    const isInverted = name.startsWith('^');
    const item = unicodeItem(isInverted ? name.slice(1) : name, isUpper !== isInverted);
    if (item === null) throw new PatternError('invalid character class range', this.since(start));
    return item;
  }

  /** The character that an escape stands for; the backslash is next. Throws PatternError. */
  escapedCharacter(): number {
    const start = this.#at;
    this.#at++;
    if (this.isAtEnd) throw new PatternError('trailing backslash at end of expression', '');
    const letter = this.next();
    const control = controls[letter];
    if (control !== undefined) return control;
    if (letter === 'x') return this.#hexadecimal(start);
    if (/[0-7]/.test(letter)) return this.#octal(start, letter);
    if (/[\0-\x7f]/.test(letter) && !/[0-9A-Za-z]/.test(letter)) return codePointOf(letter);
    throw this.#wrongEscape(start);
  }

  /** One digit that is not 0 would be a reference to a group, which there is not. */
  #octal(start: number, first: string): number {
    if (first !== '0' && !/[0-7]/.test(this.peek())) throw this.#wrongEscape(start);
    let digits = first;
    while (digits.length < 3 && /[0-7]/.test(this.peek())) digits += this.next();
    return Number.parseInt(digits, 8);
  }

  #hexadecimal(start: number): number {
    const isBraced = this.take('{');
    let digits = '';
    while (/[0-9A-Fa-f]/.test(this.peek()) && (isBraced || digits.length < 2))
      digits += this.next();
    const isWhole = isBraced ? digits !== '' && this.take('}') : digits.length === 2;
    const value = Number.parseInt(digits, 16);
    if (isWhole && value <= lastCodePoint) return value;
    if (!this.isAtEnd) this.#at++;
    throw this.#wrongEscape(start);
  }

  #wrongEscape(start: number): PatternError {
    return new PatternError('invalid escape sequence', this.since(start));
  }
}

/** Of a text of one character. */
export function codePointOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
