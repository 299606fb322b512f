import type { APIService } from '../../api/gen/apiregistration-v1.js';
import { failure, serviceUnavailable } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { type ApiServiceClient, identityHeaders } from './api-service-client.js';

/** Of one connection only, or who the client says that it is: never passed on (RFC 9110 section 7.6.1). */
const droppedHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Passes a request on to the server behind an APIService, with who asks, and its answer back. */
export async function proxyToApiService(
  exchange: Exchange,
  service: APIService,
  client: ApiServiceClient,
): Promise<void> {
  if ((exchange.header('upgrade') ?? '') !== '')
    throw failure(501, '', 'upgrades are not passed on to aggregated servers');
  const { method, path, query, body } = exchange.request;
  let answer: Awaited<ReturnType<ApiServiceClient['request']>>;
  try {
    answer = await client.request(service, {
      method,
      target: query === '' ? path : `${path}?${query}`,
      headers: { ...passedHeaders(exchange), ...identityHeaders(exchange.user) },
      signal: exchange.signal,
      ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw serviceUnavailable(`error trying to reach service: ${text}`);
  }
  exchange.start(answer.status, answerHeaders(answer.headers));
  for await (const chunk of answer.body) {
    const waiting = exchange.write(chunk);
    if (waiting !== undefined) await waiting;
  }
  exchange.end();
}

function passedHeaders({ request }: Exchange): Record<string, string> {
  const passed: Record<string, string> = {};
  const named = (request.headers.get('connection') ?? '').toLowerCase().split(/\s*,\s*/);
  for (const [name, value] of request.headers) {
    const isClaim = name.startsWith('x-remote-') || name.startsWith('impersonate-');
    if (!droppedHeaders.has(name) && !isClaim && !named.includes(name)) passed[name] = value;
  }
  const from = request.remoteAddress.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const before = request.headers.get('x-forwarded-for');
  passed['x-forwarded-for'] = before === undefined ? from : `${before}, ${from}`;
  return passed;
}

function answerHeaders(headers: ReadonlyMap<string, string>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of headers)
    if (!droppedHeaders.has(name) && name !== 'cache-control') passed[name] = value;
  return passed;
}
