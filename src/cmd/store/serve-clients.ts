import type { Logger } from '../../base/logger.js';
import { hostClock } from '../../host/clock.js';
import { createHttp2Server } from '../../rpc/http2/index.js';
import {
  type HttpRoutes,
  type Listener,
  listen,
  type RpcServer,
  type RpcServerOptions,
} from '../../rpc/index.js';
import {
  apiServices,
  httpRoutes,
  type Member,
  metricsRoutes,
  type StoreMetrics,
} from '../../store/index.js';
import type { StoreSettings } from './settings.js';
import { clientTlsOf } from './tls-material.js';

/** Room for what gRPC adds to a request (etcd's grpcOverheadBytes). */
const overheadBytes = 512 * 1024;
const connectionSilenceMsMax = 10_000;

/** The ports that clients are served on. */
export interface ClientPorts {
  /** Takes no more requests, and finishes those under way for up to `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** Opens the client URLs, for everything, and the metrics URLs, for metrics and health checks. Rejects with ListenError. */
export async function serveClients(
  settings: StoreSettings,
  parts: { readonly member: Member; readonly metrics: StoreMetrics; readonly logger: Logger },
): Promise<ClientPorts> {
  const { member, metrics, logger } = parts;
  const tls = await clientTlsOf(settings.clientTls);
  const observing = { health: metrics.health, metrics: metrics.handler };
  const http = httpRoutes(member, observing);
  const watched = metricsRoutes(member, observing);
  const createServer = settings.rpcEngine === 'http2' ? createHttp2Server : await loadGrpcJs();
  const rpc = createServer({
    ...rpcOptions(settings, logger),
    services: apiServices(member),
    http,
  });
  metrics.addCalls(() => rpc.counts(), { isTimed: settings.metrics === 'extensive' });
  const observer = createHttp2Server({
    ...rpcOptions(settings, logger),
    services: [],
    http: watched,
  });
  const listeners: Listener[] = [];
  const close = async (options: { readonly graceMs: number }) => {
    const servers = [rpc, observer, ...listeners];
    await Promise.all(servers.map((server) => server.close(options)));
  };
  const open = async (url: string, server: { rpc: RpcServer; http: HttpRoutes }) => {
    const used = { tls: url.startsWith('https:') ? tls : null, clock: hostClock, logger };
    const silenceMsMax = connectionSilenceMsMax;
    listeners.push(await listen({ url, ...used, ...server, silenceMsMax }));
  };
  try {
    for (const url of settings.listenClientUrls) await open(url, { rpc, http });
    for (const url of settings.listenMetricsUrls) await open(url, { rpc: observer, http: watched });
  } catch (error) {
    await close({ graceMs: 0 });
    throw error;
  }
  return { close };
}

function rpcOptions(
  settings: StoreSettings,
  logger: Logger,
): Omit<RpcServerOptions, 'services' | 'http'> {
  return {
    clock: hostClock,
    logger,
    timesCalls: settings.metrics === 'extensive',
    limits: {
      receiveBytesMax: settings.limits.requestBytesMax + overheadBytes,
      concurrentStreamsMax: settings.concurrentStreamsMax,
    },
    keepalive: {
      intervalMs: settings.keepaliveIntervalMs,
      timeoutMs: settings.keepaliveTimeoutMs,
      ...(settings.keepaliveMinTimeMs > 0 && { minTimeMs: settings.keepaliveMinTimeMs }),
    },
  };
}

/** The reference engine takes long to load, and is rarely asked for. */
async function loadGrpcJs(): Promise<typeof createHttp2Server> {
  const { createGrpcJsServer } = await import('../../rpc/grpc-js/index.js');
  return createGrpcJsServer;
}
