import type { WebClient, WebClientResponse } from '../../../rpc/web-client.js';
import { WebClientError } from '../../../rpc/web-errors.js';
import type { Exchange } from '../exchange.js';
import {
  answeredHeaders,
  type ForwardTarget,
  failureText,
  forwardedHeaders,
  forwardUpgrade,
  relayAnswer,
  urlOf,
} from './forward.js';
import { addressBehind, HtmlLinks } from './html-links.js';
import { type ProxyPlaces, proxyBackend } from './proxy-target.js';

const proxyPath =
  /^(\/api\/v1\/(?:namespaces\/[^/]+\/)?(?:pods|services|nodes)\/[^/]+\/proxy)(\/.*)?$/;

/** Hands a request on to a pod, a service or a node, and its answer back. */
export async function proxy(
  exchange: Exchange,
  places: ProxyPlaces,
  parts: { readonly web: WebClient; readonly stopping: AbortSignal },
): Promise<void> {
  const { request, info } = exchange;
  const [, base = '', rest = ''] = proxyPath.exec(request.path) ?? [];
  const query = request.query === '' ? '' : `?${request.query}`;
  const backend = await proxyBackend(places, info);
  const target: ForwardTarget = { backend, path: `${rest === '' ? '/' : rest}${query}` };
  try {
    if (exchange.isUpgradable) {
      await forwardUpgrade(exchange, target, parts);
    } else if (rest === '') {
      // Relative links of the page at the root would lead beside it.
      exchange.start(301, { location: `${base}/${query}` });
      exchange.end();
    } else {
      await forward(exchange, target, { base, shownPath: `${base}${rest}`, web: parts.web });
    }
  } catch (error) {
    if (!(error instanceof WebClientError) || exchange.isStarted) throw error;
    exchange.sendText(503, `error trying to reach service: ${failureText(error, target)}`);
  }
}

async function forward(
  exchange: Exchange,
  target: ForwardTarget,
  {
    base,
    shownPath,
    web,
  }: { readonly base: string; readonly shownPath: string; readonly web: WebClient },
): Promise<void> {
  const { request } = exchange;
  const length = request.headers.get('content-length');
  const hasBody = (length ?? '0') !== '0' || request.headers.has('transfer-encoding');
  const response = await web.request({
    url: urlOf(target),
    method: request.method,
    headers: {
      ...forwardedHeaders(exchange),
      'x-forwarded-uri': shownPath,
      'x-forwarded-host': request.authority,
      'x-forwarded-proto': request.isTls ? 'https' : 'http',
      ...(hasBody && length !== undefined ? { 'content-length': length } : {}),
    },
    ...(hasBody ? { body: request.body } : {}),
    tls: target.backend.tls,
    signal: exchange.signal,
  });
  const headers = answeredHeaders(response);
  const { location } = headers;
  if (location !== undefined) headers.location = rewritten(location, target, base);
  else if (isPage(headers)) return relayPage(exchange, response, { target, base, headers });
  await relayAnswer(exchange, response, headers);
}

/** Pages that are compressed are handed on as they are. */
function isPage(headers: Readonly<Record<string, string>>): boolean {
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase() === 'text/html' && headers['content-encoding'] === undefined;
}

/** Hands a page on with links that lead through the proxy. */
async function relayPage(
  exchange: Exchange,
  response: WebClientResponse,
  {
    target,
    base,
    headers,
  }: {
    readonly target: ForwardTarget;
    readonly base: string;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const { origin } = new URL(urlOf(target));
  const links = new HtmlLinks((address) => addressBehind(address, { origin, base }));
  const { 'content-length': _, ...others } = headers;
  await relayAnswer(exchange, { ...response, body: changedPage(response.body, links) }, others);
}

async function* changedPage(
  body: AsyncIterable<Uint8Array>,
  links: HtmlLinks,
): AsyncGenerator<Uint8Array> {
  for await (const piece of body) yield links.add(piece);
  yield links.end();
}

/** A redirection within the other server stays behind the proxy. */
function rewritten(location: string, target: ForwardTarget, base: string): string {
  const asked = urlOf(target);
  if (!URL.canParse(location, asked)) return location;
  const url = new URL(location, asked);
  if (url.origin !== new URL(asked).origin) return location;
  return `${base}${url.pathname}${url.search}${url.hash}`;
}
