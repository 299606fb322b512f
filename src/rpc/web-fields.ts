import type { WebHeaders } from './web.js';
import { WebHeadError } from './web-errors.js';

/** A request target taken apart. */
export interface WebTarget {
  readonly path: string;
  readonly query: string;
  /** The authority of a target in absolute form (RFC 9112 section 3.2.2), which overrides Host; null for the usual ones. */
  readonly authority: string | null;
}

/** Takes a request target apart. Null: it is none that a server answers (RFC 9112 section 3.2). */
export function splitTarget(target: string): WebTarget | null {
  if (target.startsWith('/')) return splitPath(target, null);
  if (target === '*') return { path: '*', query: '', authority: null };
  const [, authority, rest] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target) ?? [];
  if (authority === undefined || rest === undefined) return null;
  return splitPath(rest.startsWith('/') ? rest : `/${rest}`, authority);
}

function splitPath(target: string, authority: string | null): WebTarget {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: '', authority };
  return { path: target.slice(0, mark), query: target.slice(mark + 1), authority };
}

/** Header fields by lower-case name. Several of one name are joined; how they came is kept for those who must tell a comma from two fields. */
export class RequestFields extends Map<string, string> {
  /** Values of names that came more than once. */
  #repeated: Map<string, string[]> | null = null;

  /** Adds a field to those of its name (RFC 9110 section 5.3; RFC 9113 section 8.2.3 for cookies). `name` is lower case. */
  add(name: string, value: string): void {
    const before = this.get(name);
    if (before === undefined) {
      this.set(name, value);
      return;
    }
    this.#repeated ??= new Map();
    const values = this.#repeated.get(name);
    if (values === undefined) this.#repeated.set(name, [before, value]);
    else values.push(value);
    this.set(name, `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }

  /** The values of all fields of a name, in order. */
  all(name: string): readonly string[] {
    const value = this.get(name);
    return this.#repeated?.get(name) ?? (value === undefined ? [] : [value]);
  }
}

/** The values of all fields of a name, in order, as far as `fields` tells them apart. */
export function fieldValues(fields: ReadonlyMap<string, string>, name: string): readonly string[] {
  if (fields instanceof RequestFields) return fields.all(name);
  const value = fields.get(name);
  return value === undefined ? [] : [value];
}

/** The header fields of a message as node:http read them, name and value in turns. */
export function rawFields(rawHeaders: readonly string[]): RequestFields {
  const fields = new RequestFields();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    fields.add((rawHeaders[i] as string).toLowerCase(), rawHeaders[i + 1] as string);
  }
  return fields;
}

/** Header fields as node:http takes them. Throws WebHeadError for those that HTTP does not allow. */
export function nodeFields(headers: WebHeaders): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    const values = typeof value === 'string' ? [value] : [...value];
    for (const one of values) checkField(name, one);
    // The framing is node's own.
    if (name.toLowerCase() === 'transfer-encoding') continue;
    fields[name] = typeof value === 'string' ? value : values;
  }
  return fields;
}

/** The method and status of an answer say that it has no body (RFC 9110 section 6.4.1). */
export function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const badValuePattern = /[^\t\x20-\x7e\x80-\xff]/;

/** Throws WebHeadError for a status that is none of a final answer. */
export function checkStatus(status: number): void {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return;
  throw new WebHeadError(`cannot answer with status ${status}: final ones are 200 to 599`);
}

/** Throws WebHeadError for a field that would not be what it seems, as one with a line break. */
export function checkField(name: string, value: string): void {
  if (!namePattern.test(name)) {
    throw new WebHeadError(`cannot send a header field named ${JSON.stringify(name)}`);
  }
  if (badValuePattern.test(value)) {
    throw new WebHeadError(
      `cannot send header field ${name}: ${JSON.stringify(value)} has characters that HTTP does not`,
    );
  }
}
