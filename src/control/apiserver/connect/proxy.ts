import type { WebClient } from '../../../rpc/web-client.js';
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
      await forward(exchange, target, { base, web: parts.web });
    }
  } catch (error) {
    if (!(error instanceof WebClientError) || exchange.isStarted) throw error;
    exchange.sendText(503, `error trying to reach service: ${failureText(error, target)}`);
  }
}

async function forward(
  exchange: Exchange,
  target: ForwardTarget,
  { base, web }: { readonly base: string; readonly web: WebClient },
): Promise<void> {
  const { request } = exchange;
  const length = request.headers.get('content-length');
  const hasBody = (length ?? '0') !== '0' || request.headers.has('transfer-encoding');
  const response = await web.request({
    url: urlOf(target),
    method: request.method,
    headers: {
      ...forwardedHeaders(exchange),
      'x-forwarded-uri': base,
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
  await relayAnswer(exchange, response, headers);
}

/** A redirection within the other server stays behind the proxy. */
function rewritten(location: string, target: ForwardTarget, base: string): string {
  const asked = urlOf(target);
  if (!URL.canParse(location, asked)) return location;
  const url = new URL(location, asked);
  if (url.origin !== new URL(asked).origin) return location;
  return `${base}${url.pathname}${url.search}${url.hash}`;
}
