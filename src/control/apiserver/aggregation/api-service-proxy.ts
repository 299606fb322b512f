import type { APIService } from '../../api/gen/apiregistration-v1.js';
import { serviceUnavailable } from '../../machinery/status-errors.js';
import { relayUpgrade } from '../connect/forward.js';
import type { Exchange } from '../exchange.js';
import {
  type ApiServiceClient,
  type ApiServiceRequest,
  identityHeaders,
} from './api-service-client.js';

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

/**
 * Passes a request on to the server behind an APIService, with who asks, and its answer back. A connection for another protocol is joined
 * with one to that server, until one of them ends or `stopping` aborts.
 */
export async function proxyToApiService(
  exchange: Exchange,
  service: APIService,
  { client, stopping }: { readonly client: ApiServiceClient; readonly stopping: AbortSignal },
): Promise<void> {
  const { method, path, query, body } = exchange.request;
  const request: ApiServiceRequest = {
    method,
    target: query === '' ? path : `${path}?${query}`,
    headers: { ...passedHeaders(exchange), ...identityHeaders(exchange.user) },
    signal: exchange.signal,
  };
  if (exchange.isUpgradable) {
    const upgrade = exchange.header('upgrade') ?? '';
    const headers = { ...request.headers, upgrade };
    const outcome = await reached(client.upgrade(service, { ...request, headers }));
    await relayUpgrade(exchange, outcome, stopping);
    return;
  }
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const answer = await reached(client.request(service, hasBody ? { ...request, body } : request));
  exchange.start(answer.status, answerHeaders(answer.headers));
  for await (const chunk of answer.body) {
    const waiting = exchange.write(chunk);
    if (waiting !== undefined) await waiting;
  }
  exchange.end();
}

async function reached<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw serviceUnavailable(`error trying to reach service: ${text}`);
  }
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
