import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../base/logger.js';
import type { WebRequest, WebResponse } from './web.js';

/** A plain HTTP request, as the few handlers next to gRPC need it. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** Its answer. */
export interface HttpResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers a request; what it throws is logged and answered 500. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse> | HttpResponse;

/** Handlers by exact path. */
export type HttpRoutes = ReadonlyMap<string, HttpHandler>;

/** Answers a request over HTTP/1.1; 404 without a handler. */
export async function serveRoute(
  handler: HttpHandler | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  logger: Logger,
): Promise<void> {
  request.resume();
  request.on('error', () => response.destroy());
  const answer = await answerTo(handler, request, response, logger);
  if (response.destroyed) return;
  const body = Buffer.from(answer.body, 'utf8');
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-type': answer.contentType,
    'content-length': body.length,
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerTo(
  handler: HttpHandler | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  logger: Logger,
): Promise<HttpResponse> {
  const { path, query } = parseTarget(request.url ?? '/');
  const abort = new AbortController();
  response.once('close', () => abort.abort());
  const { signal } = abort;
  const asked = { method: request.method ?? 'GET', path, query, signal };
  return answerOrFail(handler ?? notFoundRoute, asked, logger);
}

/** The same where a WebHandler leaves a request to a route. */
export async function answerRoute(
  handler: HttpHandler,
  request: WebRequest,
  response: WebResponse,
): Promise<void> {
  const { method, path, signal } = request;
  const query = new URLSearchParams(request.query);
  const answer = await handler({ method, path, query, signal });
  const body = Buffer.from(answer.body, 'utf8');
  response.start(answer.status, {
    ...answer.headers,
    'content-type': answer.contentType,
    'content-length': String(body.length),
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

/** What is answered where there is nothing. */
export const notFoundRoute: HttpHandler = () => ({
  status: 404,
  contentType: 'text/plain; charset=utf-8',
  body: '404 page not found\n',
});

/** The path and the query of a request target. */
export function parseTarget(target: string): {
  readonly path: string;
  readonly query: URLSearchParams;
} {
  const mark = target.indexOf('?');
  return {
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
  };
}

/** What the handler answers; when it throws, that is logged and the answer is 500 without its text. */
export async function answerOrFail(
  handler: HttpHandler,
  request: HttpRequest,
  logger: Logger,
): Promise<HttpResponse> {
  try {
    return await handler(request);
  } catch (error) {
    logger.error('an HTTP handler failed', { path: request.path, error: String(error) });
    return { status: 500, contentType: 'text/plain; charset=utf-8', body: 'internal error\n' };
  }
}
