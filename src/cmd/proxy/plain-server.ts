import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Address } from '../../host/net.js';
import { createHttp2Server } from '../../rpc/http2/index.js';
import { listen, type WebHandler } from '../../rpc/index.js';
import { notFoundAnswer, type PlainAnswer } from '../program/health-answers.js';

/** Answers by path, in the clear. */
export type PlainRoutes = (path: string) => RoutedAnswer | null | Promise<RoutedAnswer | null>;

/** An answer, with headers of its own. */
export type RoutedAnswer = PlainAnswer & { readonly headers?: Readonly<Record<string, string>> };

/** A port that answers. */
export interface PlainServer {
  readonly port: number;
  close(): Promise<void>;
}

const silenceMsMax = 30_000;
const drainMs = 500;
const limits = { receiveBytesMax: 1 << 16, concurrentStreamsMax: 100 };
const keepalive = { intervalMs: 30_000, timeoutMs: 15_000 };

/** Serves over HTTP. Rejects with ListenError. */
export async function servePlain(
  { host, port }: Address,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  routes: PlainRoutes,
): Promise<PlainServer> {
  const web: WebHandler = async ({ path }, response) => {
    const { status, body, type, headers } = ((await routes(path)) ??
      notFoundAnswer) as RoutedAnswer;
    response.start(status, { 'content-type': type ?? 'text/plain; charset=utf-8', ...headers });
    response.end(Buffer.from(body));
  };
  const rpc = createHttp2Server({ services: [], web, clock, logger, limits, keepalive });
  const listener = await listen({
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...{ tls: null, rpc, http: new Map(), web, clock, logger, silenceMsMax },
  });
  return {
    port: listener.port,
    async close() {
      await Promise.all([listener.close({ graceMs: drainMs }), rpc.close({ graceMs: drainMs })]);
    },
  };
}
