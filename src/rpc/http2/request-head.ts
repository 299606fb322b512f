import type { Route, Routes } from '../dispatch.js';
import { type HttpHandler, type HttpRoutes, parseTarget } from '../http-routes.js';
import { type Metadata, RpcError, Status } from '../service.js';
import type { WebHandler } from '../web.js';
import { type MessageEncoding, messageEncodingOf } from './compression.js';
import { parseTimeout } from './grpc-fields.js';
import type { HeaderField } from './hpack/field.js';
import { MetadataError, metadataOf } from './metadata.js';
import { type WebRequestHead, webRequestHeadOf } from './web-request-head.js';

/** What the header list of a request says. It does not depend on when it comes, so equal lists can share one. */
export interface RequestHead {
  /** Null: the request is malformed (RFC 9113 section 8.1.1), and its stream is to be reset. */
  readonly outcome: Route | PlainRequest | WebRequestHead | Refusal | null;
  /** Milliseconds that the caller gives the call, or null. */
  readonly timeoutMs: number | null;
  /** Bytes that the payload must have, or null when the request does not say. */
  readonly contentBytes: number | null;
  /** How messages are compressed that are marked so. */
  readonly encoding: MessageEncoding;
  readonly metadata: Metadata;
}

/** A request that is answered with an error without asking its handler. */
export class Refusal {
  readonly httpStatus: number;
  readonly error: RpcError;
  constructor(httpStatus: number, error: RpcError) {
    this.httpStatus = httpStatus;
    this.error = error;
  }
}

/** A request that is no gRPC call, for the few that are answered next to them. */
export class PlainRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly handler: HttpHandler;
  constructor(method: string, path: string, query: URLSearchParams, handler: HttpHandler) {
    this.method = method;
    this.path = path;
    this.query = query;
    this.handler = handler;
  }
}

/** What a server answers. */
export interface Answerable {
  readonly routes: Routes;
  readonly http: HttpRoutes;
  /** Asked for whatever is neither; null: that is refused. */
  readonly web: WebHandler | null;
}

/** Reads a header list. `fields` is null when it was too large to be kept. */
export function readRequestHead(
  fields: readonly HeaderField[] | null,
  { routes, http, web }: Answerable,
): RequestHead {
  if (fields === null) return refused(tooLarge);
  const found = new Map<string, string>();
  if (!collect(fields, found)) return malformed;
  const length = found.get('content-length');
  const contentBytes = length === undefined ? null : Number(length);
  if (!grpcContentType.test(found.get('content-type') ?? '')) {
    const plain = plainRequestOf(found, http);
    if (plain !== null) return { ...malformed, outcome: plain };
    if (web !== null) return { ...malformed, outcome: webRequestHeadOf(fields), contentBytes };
  }
  const refusal = refusalOf(found);
  if (refusal !== null) return refused(refusal);
  const timeout = found.get('grpc-timeout');
  try {
    return {
      outcome: routeOf(routes, found.get(':path') ?? ''),
      timeoutMs: timeout === undefined ? null : parseTimeout(timeout),
      contentBytes,
      encoding: messageEncodingOf(found.get('grpc-encoding') ?? 'identity') ?? 'identity',
      metadata: metadataOf(fields),
    };
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    return refused(new Refusal(400, new RpcError(Status.internal, error.message)));
  }
}

const noMetadata: Metadata = new Map();

function refused(refusal: Refusal): RequestHead {
  return { ...malformed, outcome: refusal };
}

/** A request that HTTP does not allow (RFC 9113 section 8.1.1). */
export const malformed: RequestHead = {
  outcome: null,
  timeoutMs: null,
  contentBytes: null,
  encoding: 'identity',
  metadata: noMetadata,
};

/** RFC 6585 section 5, to which RFC 9113 section 10.5.1 points. */
const tooLarge = new Refusal(
  431,
  new RpcError(Status.resourceExhausted, 'the request header list is too large'),
);

const pseudoFields: ReadonlySet<string> = new Set([':method', ':scheme', ':path', ':authority']);

/** The fields that matter here and may stand once only. */
const single: ReadonlySet<string> = new Set([
  ...pseudoFields,
  'content-type',
  'content-length',
  'grpc-timeout',
  'grpc-encoding',
]);

/**
 * Puts the fields that matter into `found`. False: the request is malformed by RFC 9113 sections 8.2 and 8.3: an unknown,
 * repeated, late or missing pseudo-header field, or a field with characters that HTTP does not have.
 */
function collect(fields: readonly HeaderField[], found: Map<string, string>): boolean {
  let isRegular = false;
  for (const field of fields) {
    const { name, value } = field;
    if (!field.isWellFormed) return false;
    const isPseudo = name.startsWith(':');
    if (isPseudo && (isRegular || !pseudoFields.has(name))) return false;
    isRegular = !isPseudo;
    if (!single.has(name)) continue;
    if (found.has(name)) return false;
    found.set(name, value);
  }
  const length = found.get('content-length');
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return false;
  return found.has(':method') && found.has(':scheme') && (found.get(':path') ?? '') !== '';
}

const grpcContentType = /^application\/grpc(?:$|[+;])/;

function plainRequestOf(found: ReadonlyMap<string, string>, http: HttpRoutes): PlainRequest | null {
  const { path, query } = parseTarget(found.get(':path') ?? '');
  const handler = http.get(path);
  if (handler === undefined) return null;
  return new PlainRequest(found.get(':method') ?? '', path, query, handler);
}

/** What is wrong with a well-formed request as a gRPC one, in grpc-go's words. */
function refusalOf(found: ReadonlyMap<string, string>): Refusal | null {
  const contentType = found.get('content-type') ?? '';
  if (!grpcContentType.test(contentType)) {
    const text = `invalid gRPC request content-type ${JSON.stringify(contentType)}`;
    return new Refusal(415, new RpcError(Status.invalidArgument, text));
  }
  const method = found.get(':method');
  if (method !== 'POST') {
    const text = `Received a HEADERS frame with :method ${JSON.stringify(method)} which should be POST`;
    return new Refusal(405, new RpcError(Status.internal, text));
  }
  const timeout = found.get('grpc-timeout');
  if (timeout !== undefined && parseTimeout(timeout) === null) {
    const text = `malformed grpc-timeout: ${JSON.stringify(timeout)}`;
    return new Refusal(400, new RpcError(Status.internal, text));
  }
  const encoding = found.get('grpc-encoding') ?? 'identity';
  if (messageEncodingOf(encoding) === null) {
    const text = `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`;
    return new Refusal(200, new RpcError(Status.unimplemented, text));
  }
  return null;
}

function routeOf(routes: Routes, path: string): Route | Refusal {
  const route = routes.find(path);
  return route instanceof RpcError ? new Refusal(200, route) : route;
}
