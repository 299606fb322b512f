import { malformed } from './errors.js';

/**
 * JSON (RFC 8259) as protobuf needs it: numbers stay as they were written, since 64-bit integers do not fit a double, and members
 * of an object stay apart even when they have one name. What nests too deep is refused before it is read.
 */

/** How deep values may nest: twice as deep as messages may, for most of them are elements of an array. */
const depthMax = 200;

/** A number as it was written. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An object's members, in order. */
export class JsonObject {
  readonly members: readonly (readonly [name: string, value: JsonValue])[];

  constructor(members: JsonObject['members']) {
    this.members = members;
  }
}

/** Any value. */
export type JsonValue = null | boolean | string | JsonNumber | JsonObject | readonly JsonValue[];

/**
 * The first value in a text, whatever follows it; undefined when there is none. Throws `invalidArgument` for what is no JSON, or
 * nests too deep.
 */
export function parseJson(text: string): JsonValue | undefined {
  return new JsonReader(text).readFirst();
}

/** The text of UTF-8 bytes. Throws `invalidArgument` for others. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw malformed('invalid UTF-8');
  }
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;
/** A character that stands for half of one. */
const loneSurrogate = /\p{Surrogate}/u;
const quote = 0x22;
const backslash = 0x5c;
const firstPrintable = 0x20;

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readFirst(): JsonValue | undefined {
    this.#skipSpace();
    return this.#at === this.#text.length ? undefined : this.#value(0);
  }

  #value(depth: number): JsonValue {
    if (depth > depthMax) throw malformed('exceeded max recursion depth');
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #object(depth: number): JsonObject {
    const members: [string, JsonValue][] = [];
    this.#at++;
    if (this.#takes('}')) return new JsonObject(members);
    do {
      this.#skipSpace();
      if (this.#text.charCodeAt(this.#at) !== quote) throw this.#unexpected();
      const name = this.#string();
      if (!this.#takes(':')) throw this.#unexpected();
      members.push([name, this.#value(depth + 1)]);
    } while (this.#takes(','));
    if (!this.#takes('}')) throw this.#unexpected();
    return new JsonObject(members);
  }

  #array(depth: number): JsonValue[] {
    const elements: JsonValue[] = [];
    this.#at++;
    if (this.#takes(']')) return elements;
    do elements.push(this.#value(depth + 1));
    while (this.#takes(','));
    if (!this.#takes(']')) throw this.#unexpected();
    return elements;
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    let hasEscapes = false;
    for (let code = this.#text.charCodeAt(end); code !== quote; code = this.#text.charCodeAt(end)) {
      if (Number.isNaN(code)) throw malformed('unexpected end of JSON input');
      if (code < firstPrintable) throw malformed('invalid character in string literal');
      if (code === backslash) hasEscapes = true;
      end += code === backslash ? 2 : 1;
    }
    this.#at = end + 1;
    if (!hasEscapes) return this.#text.slice(start + 1, end);
    const value = unescaped(this.#text.slice(start, end + 1));
    if (loneSurrogate.test(value)) throw malformed('invalid escape code in string literal');
    return value;
  }

  #scalar(): JsonValue {
    const digits = this.#match(number);
    if (digits !== null) return new JsonNumber(digits);
    const name = this.#match(word);
    if (name === null) throw this.#unexpected();
    return name === 'null' ? null : name === 'true';
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }

  #skipSpace(): void {
    this.#match(space);
  }

  /** Whether the character comes next, which is then passed over. */
  #takes(character: string): boolean {
    this.#skipSpace();
    const isThere = this.#text[this.#at] === character;
    if (isThere) this.#at++;
    return isThere;
  }

  #unexpected(): Error {
    const found = this.#text[this.#at];
    return malformed(
      found === undefined
        ? 'unexpected end of JSON input'
        : `invalid character ${JSON.stringify(found)} at offset ${this.#at}`,
    );
  }
}

/** What a string literal with escapes stands for. */
function unescaped(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw malformed('invalid escape code in string literal');
  }
}
