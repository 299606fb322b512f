import type { Logger } from '../../base/logger.js';
import { hostClock } from '../../host/clock.js';
import type { RejectedConnection } from '../../host/net.js';
import { isTlsUrl } from '../../raft/transport/index.js';
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
import type { RejectionLog } from './rejection-log.js';
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
  parts: {
    readonly member: Member;
    readonly metrics: StoreMetrics;
    readonly rejected: RejectionLog;
    readonly logger: Logger;
  },
): Promise<ClientPorts> {
  const { member, metrics, logger } = parts;
  const tls = await clientTlsOf(settings.clientTls, {
    folder: `${settings.dataDir}/fixtures/client`,
    urls: settings.listenClientUrls,
  });
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
  const open = async (urls: readonly string[], server: { rpc: RpcServer; http: HttpRoutes }) => {
    for (const { url, servesPlain } of portsOf(urls)) {
      const options = {
        ...{ url, servesPlain, tls: isTlsUrl(url) ? tls : null },
        ...{ clock: hostClock, logger, silenceMsMax: connectionSilenceMsMax },
        onRejected: (rejection: RejectedConnection) => parts.rejected.note('client', rejection),
      };
      listeners.push(await listen({ ...options, ...server }));
    }
  };
  try {
    await open(settings.listenClientUrls, { rpc, http });
    await open(settings.listenMetricsUrls, { rpc: observer, http: watched });
  } catch (error) {
    await close({ graceMs: 0 });
    throw error;
  }
  return { close };
}

/** One listener a port: where the same is named with TLS and without, it serves both. */
function portsOf(
  urls: readonly string[],
): { readonly url: string; readonly servesPlain: boolean }[] {
  const plainOf = (url: string) => url.replace(/^(http|unix)s:/, '$1:');
  const ports: { url: string; servesPlain: boolean }[] = [];
  for (const url of new Set(urls)) {
    const isTwin = urls.some((other) => other !== url && plainOf(other) === plainOf(url));
    if (isTlsUrl(url)) ports.push({ url, servesPlain: isTwin });
    else if (!isTwin) ports.push({ url, servesPlain: false });
  }
  return ports;
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
