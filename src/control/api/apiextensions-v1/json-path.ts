import type { JsonValue } from '../../machinery/json.js';
import { getField, isJsonObject } from '../../machinery/json-object.js';

/** A JSONPath of printer columns, scale and selectable fields (kubectl's dialect, without the braces). */
export interface JsonPath {
  /** All values that the path finds, in order; none when it leads nowhere. */
  find(value: JsonValue): readonly JsonValue[];
  /** The names of the path's fields, when it is nothing but fields; else null. */
  readonly fieldNames: readonly string[] | null;
}

type Step = (values: readonly JsonValue[]) => readonly JsonValue[];

/** A text that is no path. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

/** Reads a path as `.spec.replicas`, `.items[0].name`, `.metadata.annotations.a\.b`, `.conditions[?(@.type=="Ready")].status`. */
export function parseJsonPath(text: string): JsonPath {
  const reader = new PathReader(text);
  const { steps, names } = reader.read();
  return {
    fieldNames: names,
    find: (value) => steps.reduce<readonly JsonValue[]>((values, step) => step(values), [value]),
  };
}

class PathReader {
  readonly #text: string;
  #at = 0;
  readonly #steps: Step[] = [];
  #names: string[] | null = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(): { readonly steps: readonly Step[]; readonly names: readonly string[] | null } {
    if (this.#text.startsWith('$')) this.#at = 1;
    while (this.#at < this.#text.length) {
      const next = this.#text[this.#at];
      if (next === '.') this.#dot();
      else if (next === '[') this.#brackets();
      else throw new JsonPathError(`unexpected ${JSON.stringify(next)} in ${this.#text}`);
    }
    return { steps: this.#steps, names: this.#names };
  }

  #dot(): void {
    this.#at += 1;
    if (this.#text[this.#at] === '.') {
      this.#at += 1;
      this.#names = null;
      this.#steps.push((values) => values.flatMap(descendants));
      if (this.#text[this.#at] === '[') return;
    }
    if (this.#text[this.#at] === '[') return;
    if (this.#text[this.#at] === '*') {
      this.#at += 1;
      this.#add((values) => values.flatMap(membersOf));
      return;
    }
    this.#field(this.#name());
  }

  /** A name up to the next dot or bracket; a backslash takes away what the next character means. */
  #name(): string {
    let name = '';
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at] as string;
      if (character === '.' || character === '[') break;
      if (character === '\\') this.#at += 1;
      name += this.#text[this.#at] ?? '';
    }
    if (name === '' && this.#text !== '.')
      throw new JsonPathError(`a name is missing in ${this.#text}`);
    return name;
  }

  #field(name: string): void {
    if (name === '') return;
    this.#names?.push(name);
    this.#steps.push((values) =>
      values.flatMap((value) => {
        const field = isJsonObject(value) ? getField(value, name) : undefined;
        return field === undefined ? [] : [field];
      }),
    );
  }

  #add(step: Step): void {
    this.#names = null;
    this.#steps.push(step);
  }

  #brackets(): void {
    const end = closingBracket(this.#text, this.#at);
    if (end < 0) throw new JsonPathError(`unterminated array in ${this.#text}`);
    const inner = this.#text.slice(this.#at + 1, end).trim();
    this.#at = end + 1;
    const quoted = /^'([^']*)'$|^"([^"]*)"$/.exec(inner);
    if (quoted !== null) this.#field(quoted[1] ?? quoted[2] ?? '');
    else if (inner === '*') this.#add((values) => values.flatMap(membersOf));
    else if (inner.startsWith('?')) this.#add(filterStep(inner, this.#text));
    else this.#add(indexStep(inner, this.#text));
  }
}

/** The bracket that closes the one at `start`; those in quotes and of inner paths do not count. */
function closingBracket(text: string, start: number): number {
  let depth = 0;
  let quote = '';
  for (let at = start; at < text.length; at++) {
    const character = text[at] as string;
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth += 1;
    else if (character === ']' && --depth === 0) return at;
  }
  return -1;
}

function membersOf(value: JsonValue): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value) : [];
}

function descendants(value: JsonValue): readonly JsonValue[] {
  return [value, ...membersOf(value).flatMap(descendants)];
}

/** `[2]`, `[-1]`, `[0,2]`, `[1:3]`, `[::2]`. */
function indexStep(inner: string, text: string): Step {
  const slice = /^(-?\d+)?:(-?\d+)?(?::(\d+))?$/.exec(inner);
  if (slice !== null) {
    const [from, to, step] = [slice[1], slice[2], slice[3]].map((part) =>
      part === undefined ? undefined : Number(part),
    );
    return (values) =>
      values.flatMap((value) =>
        Array.isArray(value) ? value.slice(from, to).filter((_, at) => at % (step ?? 1) === 0) : [],
      );
  }
  if (!/^-?\d+(\s*,\s*-?\d+)*$/.test(inner))
    throw new JsonPathError(`invalid array index ${inner} in ${text}`);
  const indexes = inner.split(',').map(Number);
  return (values) =>
    values.flatMap((value) =>
      Array.isArray(value) ? indexes.flatMap((index) => value.at(index) ?? []) : [],
    );
}

const comparison = /^\?\(\s*@(.*?)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*\)$/;

/** `[?(@.type=="Ready")]`, or `[?(@.ready)]` for those that have it. */
function filterStep(inner: string, text: string): Step {
  const compared = comparison.exec(inner);
  const existing = /^\?\(\s*@(.*?)\s*\)$/.exec(inner);
  if (compared === null && existing === null)
    throw new JsonPathError(`invalid filter ${inner} in ${text}`);
  const path = parseJsonPath((compared ?? existing)?.[1] ?? '');
  const test =
    compared === null
      ? (found: readonly JsonValue[]) => found.length > 0
      : comparisonTest(compared[2] as string, compared[3] as string);
  return (values) =>
    values.flatMap((value) => membersOf(value).filter((item) => test(path.find(item))));
}

function comparisonTest(
  operator: string,
  literal: string,
): (found: readonly JsonValue[]) => boolean {
  const expected = literalOf(literal);
  return ([found]) => {
    if (found === undefined || typeof found === 'object') return false;
    if (operator === '==') return found === expected;
    if (operator === '!=') return found !== expected;
    if (typeof found !== typeof expected || typeof found === 'boolean') return false;
    const [left, right] = [found as number, expected as number];
    if (operator === '<') return left < right;
    if (operator === '<=') return left <= right;
    return operator === '>' ? left > right : left >= right;
  };
}

function literalOf(text: string): JsonValue {
  const quoted = /^"(.*)"$|^'(.*)'$/s.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
