import type { Duplex } from 'node:stream';
import type { Logger } from '../../base/logger.js';
import { hostClock } from '../../host/clock.js';
import type { RejectedConnection } from '../../host/net.js';
import { isTlsUrl } from '../../raft/transport/index.js';
import { createHttp2Server, createLocalChannel } from '../../rpc/http2/index.js';
import {
  type HttpRoutes,
  type Listener,
  type ListenerTls,
  listen,
  type RpcServer,
  type RpcServerOptions,
  type WebHandler,
} from '../../rpc/index.js';
import {
  apiServices,
  clientHttp,
  Gateway,
  httpRoutes,
  type Member,
  metricsRoutes,
  type StoreMetrics,
} from '../../store/index.js';
import type { RejectionLog } from './rejection-log.js';
import type { StoreSettings } from './settings.js';

/** Room for what gRPC adds to a request (etcd's grpcOverheadBytes). */
const overheadBytes = 512 * 1024;
const connectionSilenceMsMax = 10_000;
/** What a client may take to send a request as JSON. */
const bodyMsMax = 60_000;

/** The ports that clients are served on. */
export interface ClientPorts {
  /** Takes other certificates into use for connections that come from now on. Throws ListenError. */
  setTls(tls: ListenerTls): void;
  /** Takes no more requests, and finishes those under way for up to `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** What is served at some URLs. */
interface Served {
  readonly rpc: RpcServer;
  readonly http: HttpRoutes;
  readonly web?: WebHandler;
}

/**
 * Opens the client URLs, for everything or for gRPC alone, the URLs for HTTP alone where there are any, and the metrics URLs, for
 * metrics and health checks. Rejects with ListenError.
 */
export async function serveClients(
  settings: StoreSettings,
  parts: {
    readonly member: Member;
    readonly metrics: StoreMetrics;
    readonly rejected: RejectionLog;
    /** Null: without TLS. */
    readonly tls: ListenerTls | null;
    readonly logger: Logger;
  },
): Promise<ClientPorts> {
  const { member, metrics, logger, tls } = parts;
  const { listenClientHttpUrls, listenMetricsUrls } = settings;
  const observing = { health: metrics.health, metrics: metrics.handler };
  const routes = httpRoutes(member, { ...observing, commandLine: process.argv });
  const services = apiServices(member);
  const gateway = settings.hasGateway ? openGateway(settings, () => rpc) : null;
  const web = clientHttp(routes, {
    gateway,
    access: settings.httpAccess,
    namesUsers: () => settings.auth.trustsCertificates && member.auth.isEnabled,
  });
  const createServer = settings.rpcEngine === 'http2' ? createHttp2Server : await loadGrpcJs();
  const isHttpApart = listenClientHttpUrls.length > 0;
  const common = rpcOptions(settings, logger);
  const rpc = createServer({ ...common, services, ...(isHttpApart ? {} : { web }) });
  metrics.addCalls(() => rpc.counts(), { isTimed: settings.metrics === 'extensive' });
  const http = createHttp2Server({ ...common, services: [], web });
  const watched = metricsRoutes(member, observing);
  const observer = createHttp2Server({ ...common, services: [], http: watched });
  const listeners: Listener[] = [];
  const close = async (options: { readonly graceMs: number }) => {
    const servers = [rpc, http, observer, ...listeners];
    await Promise.all(servers.map((server) => server.close(options)));
    await gateway?.close();
  };
  const open = async (urls: readonly string[], served: Served) => {
    for (const { url, servesPlain } of portsOf(urls)) {
      const options = {
        ...{ url, servesPlain, tls: isTlsUrl(url) ? tls : null },
        ...{ clock: hostClock, logger, silenceMsMax: connectionSilenceMsMax },
        onRejected: (rejection: RejectedConnection) => parts.rejected.note('client', rejection),
      };
      listeners.push(await listen({ ...options, ...served }));
    }
  };
  const none: HttpRoutes = new Map();
  try {
    await open(settings.listenClientUrls, { rpc, http: none, ...(isHttpApart ? {} : { web }) });
    await open(listenClientHttpUrls, { rpc: http, http: none, web });
    await open(listenMetricsUrls, { rpc: observer, http: watched });
  } catch (error) {
    await close({ graceMs: 0 });
    throw error;
  }
  const setTls = (changed: ListenerTls) => {
    for (const listener of listeners) if (isTlsUrl(listener.url)) listener.setTls(changed);
  };
  return { setTls, close };
}

/** The gateway to the services of a server, which is there when the first request is. */
function openGateway({ limits, concurrentStreamsMax }: StoreSettings, rpc: () => RpcServer) {
  const attach = (connection: Duplex) => rpc().attach(connection);
  return new Gateway({
    openChannel: () => createLocalChannel({ attach }, { clock: hostClock }),
    callsMax: concurrentStreamsMax,
    body: {
      clock: hostClock,
      // Base64 takes a third more, and names take room too.
      bytesMax: 2 * (limits.requestBytesMax + overheadBytes),
      timeMsMax: bodyMsMax,
    },
  });
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
