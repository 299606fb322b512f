import type { APIService } from '../../api/gen/apiregistration-v1.js';
import { documentBelow } from '../../api/openapi/merge-documents.js';
import type { JsonObject } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { apiVersionOf } from '../../machinery/object.js';
import type { ApiServiceClient } from './api-service-client.js';

/** The documents of OpenAPI that a server has of its version. */
export interface ServerDocuments {
  /** Path and query of its document of OpenAPI 3; null: it has none. */
  readonly version3Url: string | null;
  /** What OpenAPI 2 says of its version; null: it has none. The same as long as it does not change. */
  readonly version2: JsonObject | null;
  /** Names what was answered as OpenAPI 2; '' when the server gives it no name. */
  readonly version2Tag: string;
}

/** Of a server that was not asked yet. */
export const noDocuments: ServerDocuments = { version3Url: null, version2: null, version2Tag: '' };

/** What asking takes. */
export interface DocumentRequest {
  readonly client: ApiServiceClient;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Bytes that a document may have: that of all of Kubernetes has 4 MiB. */
const documentBytesMax = 32 << 20;

/** Asks the server behind an APIService for its documents. What it does not answer stays as it was `before`; never rejects. */
export async function askForDocuments(
  service: APIService,
  before: ServerDocuments,
  request: DocumentRequest,
): Promise<ServerDocuments> {
  const [version3Url, second] = await Promise.all([
    version3UrlOf(service, request).catch(() => before.version3Url),
    version2Of(service, before, request).catch(() => before),
  ]);
  return { version3Url, version2: second.version2, version2Tag: second.version2Tag };
}

async function version3UrlOf(
  service: APIService,
  request: DocumentRequest,
): Promise<string | null> {
  const { status, text } = await get(service, '/openapi/v3', request);
  return status === 200 ? openApiUrlIn(text, versionOf(service)) : null;
}

async function version2Of(
  service: APIService,
  before: ServerDocuments,
  request: DocumentRequest,
): Promise<Pick<ServerDocuments, 'version2' | 'version2Tag'>> {
  const known = before.version2Tag === '' ? {} : { 'if-none-match': before.version2Tag };
  const { status, text, tag } = await get(service, '/openapi/v2', request, known);
  if (status === 304) return before;
  if (status !== 200) return { version2: null, version2Tag: '' };
  const document: unknown = JSON.parse(text);
  if (!isJsonObject(document)) return { version2: null, version2Tag: '' };
  const version2 = documentBelow(document, `/apis/${versionOf(service)}/`);
  return { version2, version2Tag: tag };
}

async function get(
  service: APIService,
  target: string,
  { client, headers, timeoutMs, signal }: DocumentRequest,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string; readonly tag: string }> {
  const answer = await client.request(service, {
    ...{ method: 'GET', target, timeoutMs, signal },
    headers: { ...headers, ...more, accept: 'application/json' },
  });
  const text = await textOf(answer.body, documentBytesMax);
  return { status: answer.status, text, tag: answer.headers.get('etag') ?? '' };
}

/** A body as text. Rejects when it has more bytes than it may. */
export async function textOf(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytesMax) throw new Error(`its answer has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function versionOf({ spec }: APIService): string {
  const { group = '', version = '' } = spec ?? {};
  return apiVersionOf({ group, version });
}

/** Where an index of OpenAPI 3 has the document of a version; null when it names none of this server's own. */
function openApiUrlIn(text: string, apiVersion: string): string | null {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    return null;
  }
  const paths = isJsonObject(index) ? index.paths : undefined;
  const entry = isJsonObject(paths) ? paths[`apis/${apiVersion}`] : undefined;
  const url = isJsonObject(entry) ? entry.serverRelativeURL : undefined;
  const isOwn = typeof url === 'string' && url.startsWith(`/openapi/v3/apis/${apiVersion}`);
  return isOwn ? url : null;
}
