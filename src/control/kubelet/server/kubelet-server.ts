import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import { createHttp2Server } from '../../../rpc/http2/index.js';
import { type CertificatePair, type Listener, listen, type RpcServer } from '../../../rpc/index.js';
import { UpgradeAnswer } from '../../../rpc/upgrade-answer.js';
import type { WebHandler } from '../../../rpc/web.js';
import { type KubeletAccessOptions, refusalOf } from './access.js';
import { type KubeletHandler, partsOf, sendText } from './call.js';

/** What a kubelet serves its API with. */
export interface KubeletServerOptions {
  /** An address to listen on, and a port; 0 takes a free one. */
  readonly host: string;
  readonly port: number;
  /** Null: plain HTTP, for the read-only port. */
  readonly tls: CertificatePair | null;
  /** Null: everybody may ask everything that is served. */
  readonly access: KubeletAccessOptions | null;
  readonly handler: KubeletHandler;
  readonly clock: Clock;
  readonly logger: Logger;
}

const silenceMsMax = 30_000;
const drainMs = 1000;
const limits = { receiveBytesMax: 1 << 16, concurrentStreamsMax: 250 };
const keepalive = { intervalMs: 30_000, timeoutMs: 15_000 };

/** A kubelet's HTTP API. */
export class KubeletServer {
  readonly #listener: Listener;
  readonly #rpc: RpcServer;
  readonly #stopping: AbortController;

  private constructor(listener: Listener, rpc: RpcServer, stopping: AbortController) {
    this.#listener = listener;
    this.#rpc = rpc;
    this.#stopping = stopping;
  }

  /** Serves it. Rejects with ListenError. */
  static async listen(options: KubeletServerOptions): Promise<KubeletServer> {
    const { host, port, tls, clock, logger } = options;
    const stopping = new AbortController();
    setMaxListeners(0, stopping.signal);
    const web = answerer(options, stopping.signal);
    const rpc = createHttp2Server({ services: [], web, clock, logger, limits, keepalive });
    const address = host.includes(':') ? `[${host}]` : host;
    const listener = await listen({
      url: `${tls === null ? 'http' : 'https'}://${address}:${port}`,
      tls: tls === null ? null : listenerTls(tls),
      ...{ rpc, http: new Map(), web, clock, logger, silenceMsMax },
      takesUpgrade: ({ path }) => /^\/(exec|attach|portForward)\//.test(path),
      upgrade: (request, socket, head) => {
        const response = new UpgradeAnswer(socket, head);
        web(request, response).catch((error: unknown) => {
          logger.error('a stream failed', { path: request.path, error: String(error) });
          socket.destroy();
        });
      },
    });
    return new KubeletServer(listener, rpc, stopping);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Takes another certificate into use for the connections that come from now on. */
  setCertificate(pair: CertificatePair): void {
    this.#listener.setTls(listenerTls(pair));
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    const graceMs = drainMs;
    await Promise.all([this.#listener.close({ graceMs }), this.#rpc.close({ graceMs })]);
  }
}

/** Clients are asked for certificates; who they are is found out by request. */
function listenerTls(pair: CertificatePair) {
  return { ...pair, clientCa: null, clientCertAuth: false, isClientCertUnverified: true };
}

function answerer(
  { access, handler }: Pick<KubeletServerOptions, 'access' | 'handler'>,
  stopping: AbortSignal,
): WebHandler {
  return async (request, response) => {
    const refusal = access === null ? null : await refusalOf(request, access);
    if (refusal !== null) return sendText({ response }, refusal.status, refusal.text);
    const parts = partsOf(request.path);
    if (parts === null) return sendText({ response }, 400, 'the path cannot be read');
    const stop = new AbortController();
    const onStop = () => stop.abort();
    stopping.addEventListener('abort', onStop);
    request.signal.addEventListener('abort', onStop);
    if (stopping.aborted) stop.abort();
    const query = new URLSearchParams(request.query);
    try {
      await handler({ request, response, parts, query, signal: stop.signal });
    } finally {
      stopping.removeEventListener('abort', onStop);
    }
  };
}
