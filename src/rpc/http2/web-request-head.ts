import { RequestFields, splitTarget } from '../web-fields.js';
import type { HeaderField } from './hpack/field.js';

/** What a request for the web handler says of itself. Requests with equal header lists share one. */
export class WebRequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authority: string;
  /** By name, without Host. */
  readonly headers: ReadonlyMap<string, string>;
  /** The client waits with the body until it hears that it is wanted (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;

  constructor(
    method: string,
    target: { readonly path: string; readonly query: string },
    authority: string,
    headers: ReadonlyMap<string, string>,
  ) {
    this.method = method;
    this.path = target.path;
    this.query = target.query;
    this.authority = authority;
    this.headers = headers;
    this.expectsContinue = headers.get('expect')?.toLowerCase() === '100-continue';
  }
}

/** Reads a header list that is well-formed as such. Null: its `:path` is none (RFC 9113 section 8.3.1). */
export function webRequestHeadOf(fields: readonly HeaderField[]): WebRequestHead | null {
  let method = '';
  let path = '';
  let authority: string | null = null;
  let host = '';
  const headers = new RequestFields();
  for (const { name, value } of fields) {
    if (name === ':method') method = value;
    else if (name === ':path') path = value;
    else if (name === ':authority') authority = value;
    else if (name === 'host') host = value;
    else if (!name.startsWith(':')) headers.add(name, value);
  }
  const target = splitTarget(path);
  if (target === null || target.authority !== null) return null;
  return new WebRequestHead(method, target, authority ?? host, headers);
}
