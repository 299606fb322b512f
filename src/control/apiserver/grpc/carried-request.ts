import type { CallContext, Metadata } from '../../../rpc/index.js';
import { clientGone } from '../../../rpc/index.js';
import { RequestFields, type WebRequest } from '../../../rpc/web.js';

/** A request of REST that a gRPC call stands for. */
export interface CarriedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Default: JSON. */
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/** Metadata of a call that are headers of the request: who asks, as whom, by which leadership, and what he does without. */
const carriedFields =
  /^(authorization|impersonate-(user|uid|group|extra-.+)|audit-id|flotilla-fence|flotilla-omit)$/;
/** gRPC libraries put their own name into `user-agent`: programs say theirs here. */
const userAgentField = 'flotilla-user-agent';

/** The call as the request that the pipeline of REST takes. */
export function webRequestOf(call: CallContext, carried: CarriedRequest): WebRequest {
  const { body } = carried;
  let abort: AbortController | null = null;
  return {
    method: carried.method,
    path: carried.path,
    query: carried.query,
    headers: headersOf(call.metadata, carried),
    authority: '',
    protocol: 'HTTP/2.0',
    isTls: true,
    remoteAddress: call.peer,
    peerCertificates: call.peerCertificates ?? [],
    get signal() {
      abort ??= followed(call.signal);
      return abort.signal;
    },
    body: bodyOf(body),
  };
}

function followed(signal: AbortSignal): AbortController {
  const abort = new AbortController();
  if (signal.aborted) abort.abort(clientGone);
  else signal.addEventListener('abort', () => abort.abort(clientGone), { once: true });
  return abort;
}

/** Of calls with the same metadata, which is one object where their header lists are the same. By content type. */
const known = new WeakMap<Metadata, Map<string, RequestFields>>();
const contentTypesMax = 16;

/** Nobody changes what is answered: other requests have the same. */
function headersOf(
  metadata: Metadata,
  { accept = '', contentType = '', path, body }: CarriedRequest,
): RequestFields {
  if (accept !== '') return newHeaders(metadata, contentType).set('accept', accept);
  // What is passed on to another server says how long it is.
  if (body !== undefined && path.includes('/proxy')) {
    return newHeaders(metadata, contentType).set('content-length', String(body.length));
  }
  let byType = known.get(metadata);
  if (byType === undefined) {
    byType = new Map();
    known.set(metadata, byType);
  }
  let headers = byType.get(contentType);
  if (headers === undefined) {
    headers = newHeaders(metadata, contentType);
    // They are the client's words, without end.
    if (byType.size >= contentTypesMax) byType.clear();
    byType.set(contentType, headers);
  }
  return headers;
}

function newHeaders(metadata: Metadata, contentType: string): RequestFields {
  const headers = new RequestFields([['accept', 'application/json']]);
  if (contentType !== '') headers.set('content-type', contentType);
  for (const [name, values] of metadata) {
    const texts = values.filter((value): value is string => typeof value === 'string');
    if (texts.length === 0) continue;
    if (carriedFields.test(name)) for (const text of texts) headers.add(name, text);
    if (name === userAgentField) headers.set('user-agent', texts.join(' '));
  }
  return headers;
}

async function* bodyOf(body: Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  if (body !== undefined && body.length > 0) yield body;
}
