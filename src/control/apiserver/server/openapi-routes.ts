import { formatHttpDate } from '../../../rpc/http-date.js';
import type { OpenApi, OpenApiBytes } from '../../api/openapi/open-api.js';
import type { JsonObject } from '../../machinery/json.js';
import type { Exchange } from '../exchange.js';
import { type MediaRange, parseAccept } from '../negotiation/media-range.js';
import { mediaTypes } from '../negotiation/output-format.js';
import { sendParts } from '../negotiation/send-bytes.js';
import { sendJson } from './document-routes.js';
import type { PlainRoutes } from './plain-routes.js';

/** How kubectl and client generators ask for OpenAPI 2 in protobuf; with `@` in old clients. */
const protobufSubtypes: ReadonlySet<string> = new Set([
  'com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'com.github.proto-openapi.spec.v2@v1.0+protobuf',
]);
const protobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const yearMs = 365 * 24 * 3600 * 1000;

/** The documents of OpenAPI 3 of other servers. */
export interface OpenApiElsewhere {
  openApiPaths(): JsonObject;
  /** Answers with the document of this name; false when it is none of theirs. */
  answerOpenApi(exchange: Exchange, name: string): Promise<boolean>;
}

/** Serves `/openapi/v2`, `/openapi/v3` and the documents that the latter lists. */
export function addOpenApiRoutes(
  routes: PlainRoutes,
  openApi: OpenApi,
  elsewhere: OpenApiElsewhere,
): void {
  routes.exact('/openapi/v2', (exchange) => sendVersion2(exchange, openApi));
  routes.exact('/openapi/v3', async (exchange) => {
    const { paths } = openApi.index();
    sendJson(exchange, { paths: { ...elsewhere.openApiPaths(), ...(paths as JsonObject) } });
  });
  routes.below('/openapi/v3', (exchange) => sendVersion3(exchange, openApi, elsewhere));
}

async function sendVersion2(exchange: Exchange, openApi: OpenApi): Promise<void> {
  exchange.setHeader('vary', 'Accept');
  for (const range of ranges(exchange)) {
    const isProtobuf = range.type === 'application' && protobufSubtypes.has(range.subtype);
    if (!isProtobuf && !acceptsJson(range)) continue;
    const document = openApi.version2(isProtobuf ? 'protobuf' : 'json');
    await sendTagged(exchange, isProtobuf ? protobufType : mediaTypes.json, document);
    return;
  }
  exchange.sendText(406, '');
}

async function sendVersion3(
  exchange: Exchange,
  openApi: OpenApi,
  elsewhere: OpenApiElsewhere,
): Promise<void> {
  const name = exchange.info.path.slice('/openapi/v3/'.length).replace(/\/$/, '');
  const document = openApi.version3(name);
  if (document === undefined) {
    if (await elsewhere.answerOpenApi(exchange, name)) return;
    exchange.sendText(404, '404 page not found\n');
    return;
  }
  exchange.setHeader('vary', 'Accept');
  if (!ranges(exchange).some(acceptsJson)) {
    exchange.sendText(406, '');
    return;
  }
  const asked = exchange.query.get('hash') ?? '';
  if (asked !== '' && asked !== document.hash) {
    exchange.start(301, { location: `/openapi/v3/${name}?hash=${document.hash}` });
    exchange.end();
    return;
  }
  if (asked !== '') {
    exchange.setHeader('cache-control', 'public, immutable');
    exchange.setHeader('expires', formatHttpDate(exchange.nowMs + yearMs));
  }
  await sendTagged(exchange, mediaTypes.json, document);
}

async function sendTagged(
  exchange: Exchange,
  type: string,
  { bytes, hash }: OpenApiBytes,
): Promise<void> {
  const tag = `"${hash}"`;
  exchange.setHeader('etag', tag);
  const known = (exchange.header('if-none-match') ?? '').split(',').map((one) => one.trim());
  if (known.includes(tag) || known.includes(`W/${tag}`) || known.includes('*')) {
    exchange.start(304, {});
    exchange.end();
    return;
  }
  await sendParts(exchange, 200, type, [bytes]);
}

function ranges(exchange: Exchange): readonly MediaRange[] {
  const accept = exchange.header('accept') ?? '';
  return parseAccept(accept.trim() === '' ? '*/*' : accept);
}

function acceptsJson({ type, subtype }: MediaRange): boolean {
  if (type === '*') return subtype === '*';
  return type === 'application' && (subtype === 'json' || subtype === '*');
}
