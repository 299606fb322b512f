import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { setField } from '../../machinery/json-object.js';
import { DecodeError, ExactNumber, type ReadValue } from './decode-error.js';
import { JsonCursor } from './json-cursor.js';

/** JSON data with what `JSON.parse` forgets. */
export interface ExactJson {
  /** Numbers are {@link ExactNumber} where their text says more. */
  readonly value: ReadValue;
  /** For each object with repeated members, their names. The last value counts. */
  readonly repeated: ReadonlyMap<object, ReadonlySet<string>>;
}

/**
 * Parses JSON (RFC 8259) to the last detail, with the error texts of Go's parser. Slow: for texts that `JSON.parse` refuses, and for
 * those where it forgets something. Throws DecodeError.
 */
export function parseExactJson(bytes: Uint8Array, depthMax: number): ExactJson {
  const parser = new ExactParser(bytes, depthMax);
  return { value: parser.parse(), repeated: parser.repeated };
}

class ExactParser {
  readonly repeated = new Map<object, Set<string>>();
  readonly #cursor: JsonCursor;
  readonly #depthMax: number;
  #depth = 0;

  constructor(bytes: Uint8Array, depthMax: number) {
    this.#cursor = new JsonCursor(bytes);
    this.#depthMax = depthMax;
  }

  parse(): ReadValue {
    const value = this.#value();
    this.#cursor.skipSpace();
    if (!this.#cursor.isAtEnd) this.#cursor.refuse('after top-level value');
    return value;
  }

  #value(): ReadValue {
    const cursor = this.#cursor;
    cursor.skipSpace();
    switch (cursor.peek()) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#list());
      case '"':
        return cursor.string();
      case 't':
        return cursor.word('true', true);
      case 'f':
        return cursor.word('false', false);
      case 'n':
        return cursor.word('null', null);
      default:
        return numberOf(cursor.number());
    }
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > this.#depthMax) throw new DecodeError('exceeded max depth');
    this.#cursor.next();
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #object(): JsonObject {
    const object: JsonObject = {};
    const cursor = this.#cursor;
    cursor.skipSpace();
    if (cursor.accept('}')) return object;
    for (;;) {
      cursor.skipSpace();
      if (cursor.peek() !== '"') cursor.refuse('looking for beginning of object key string');
      const name = cursor.string();
      cursor.skipSpace();
      if (!cursor.accept(':')) cursor.refuse('after object key');
      if (Object.hasOwn(object, name)) this.#repeat(object, name);
      setField(object, name, this.#value() as JsonValue);
      cursor.skipSpace();
      if (cursor.accept('}')) return object;
      if (!cursor.accept(',')) cursor.refuse('after object key:value pair');
    }
  }

  #list(): JsonValue[] {
    const list: ReadValue[] = [];
    const cursor = this.#cursor;
    cursor.skipSpace();
    if (cursor.accept(']')) return [];
    for (;;) {
      list.push(this.#value());
      cursor.skipSpace();
      if (cursor.accept(']')) return list as JsonValue[];
      if (!cursor.accept(',')) cursor.refuse('after array element');
    }
  }

  #repeat(object: JsonObject, name: string): void {
    const names = this.repeated.get(object) ?? new Set();
    names.add(name);
    this.repeated.set(object, names);
  }
}

/** Integers of up to 15 digits are what they say; the text of all others is kept. */
function numberOf(text: string): ReadValue {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : new ExactNumber(text);
}
