import { DecodeError } from './decode-error.js';

/** A place in the bytes of a JSON text, and how to read tokens there. All errors have the texts of Go's parser. */
export class JsonCursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The byte here as a character of Latin-1; '' at the end. */
  peek(): string {
    return this.isAtEnd ? '' : String.fromCharCode(this.#bytes[this.#at] as number);
  }

  /** The byte here, and goes behind it. */
  next(): string {
    const char = this.peek();
    this.#at += 1;
    return char;
  }

  /** Goes behind the character if it is here. */
  accept(char: string): boolean {
    if (this.peek() !== char) return false;
    this.#at += 1;
    return true;
  }

  skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at += 1;
    }
  }

  /** Throws DecodeError about the character here, or about the end of the text. */
  refuse(where: string): never {
    if (this.isAtEnd) throw new DecodeError('unexpected end of JSON input');
    throw new DecodeError(`invalid character ${quoteChar(this.peek())} ${where}`);
  }

  /** One of the three words, whose first character is known to be here. */
  word<T>(word: string, value: T): T {
    this.#at += 1;
    for (const char of word.slice(1)) {
      if (!this.accept(char)) this.refuse(`in literal ${word} (expecting ${quoteChar(char)})`);
    }
    return value;
  }

  /** The text of a number. */
  number(): string {
    const start = this.#at;
    const isNegative = this.accept('-');
    if (!this.accept('0') && !this.#digits())
      this.refuse(isNegative ? 'in numeric literal' : 'looking for beginning of value');
    if (this.accept('.') && !this.#digits()) this.refuse('after decimal point in numeric literal');
    if (this.accept('e') || this.accept('E')) {
      if (!this.accept('+')) this.accept('-');
      if (!this.#digits()) this.refuse('in exponent of numeric literal');
    }
    return Buffer.from(this.#bytes.subarray(start, this.#at)).toString('latin1');
  }

  #digits(): boolean {
    const start = this.#at;
    while (/[0-9]/.test(this.peek())) this.#at += 1;
    return this.#at > start;
  }

  /** The value of the string whose opening quote is here. */
  string(): string {
    this.#at += 1;
    let text = '';
    let start = this.#at;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) this.refuse('');
      if (byte < 0x20) this.refuse('in string literal');
      if (byte === 0x22) break;
      this.#at += 1;
      if (byte !== 0x5c) continue;
      text += this.#utf8(start, this.#at - 1) + this.#escape();
      start = this.#at;
    }
    this.#at += 1;
    return text + this.#utf8(start, this.#at - 1);
  }

  #utf8(start: number, end: number): string {
    return Buffer.from(this.#bytes.subarray(start, end)).toString('utf8');
  }

  #escape(): string {
    const char = this.peek();
    const plain = escapes.get(char);
    if (plain !== undefined) {
      this.#at += 1;
      return plain;
    }
    if (char !== 'u') this.refuse('in string escape code');
    this.#at += 1;
    const start = this.#at;
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.peek())) this.refuse('in \\u hexadecimal character escape');
      this.#at += 1;
    }
    return String.fromCharCode(Number.parseInt(this.#utf8(start, this.#at), 16));
  }
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

const named: Readonly<Record<string, string>> = {
  "'": "\\'",
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** A character in single quotes, as Go shows it. */
function quoteChar(char: string): string {
  const code = char.charCodeAt(0);
  const hex = code.toString(16).padStart(2, '0');
  if (named[char] !== undefined) return `'${named[char]}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${hex}'`;
  return code >= 0x80 && code < 0xa1 ? `'\\u00${hex}'` : `'${char}'`;
}
