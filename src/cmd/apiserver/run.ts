import { randomUUID } from 'node:crypto';
import type { Logger } from '../../base/logger.js';
import { connect } from '../../client/index.js';
import { Discovery } from '../../control/api/discovery/discovery.js';
import { parseRuntimeConfig } from '../../control/api/runtime-config.js';
import { Scheme } from '../../control/api/scheme.js';
import { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import { admissionChain } from '../../control/apiserver/registry/admission-chain.js';
import { EndpointTable } from '../../control/apiserver/registry/endpoint-table.js';
import { objectReader } from '../../control/apiserver/registry/object-reader.js';
import { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import { ApiServer } from '../../control/apiserver/server/api-server.js';
import { basicSteps, runBootstrap } from '../../control/apiserver/server/bootstrap.js';
import { addDiscoveryRoutes } from '../../control/apiserver/server/discovery-routes.js';
import { addDocumentRoutes } from '../../control/apiserver/server/document-routes.js';
import { PlainRoutes } from '../../control/apiserver/server/plain-routes.js';
import { versionDocument } from '../../control/apiserver/server/version.js';
import { StoreConnection } from '../../control/apiserver/storage/index.js';
import { hostClock } from '../../host/clock.js';
import { entropyPrng } from '../../host/entropy.js';
import { readTextFile } from '../../host/text-file.js';
import { createHttp2Server } from '../../rpc/http2/index.js';
import { listen } from '../../rpc/index.js';
import { UsageError } from '../usage-error.js';
import { flotillaVersion } from '../version.js';
import type { ParsedFlags } from './parse.js';
import { openAuthentication, openAuthorization } from './security.js';
import { openServiceAccountKeys } from './service-account-keys.js';
import { servingCertificate } from './serving-certificate.js';

/** An API server that answers requests. */
export interface RunningApiServer {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly port: number;
  /** PEM of the certificate that clients see. */
  readonly certificate: string;
  /** Resolves once everything that a cluster begins with is there. */
  readonly ready: Promise<void>;
  /** Stops taking requests, ends watches, finishes what is under way. */
  close(): Promise<void>;
}

const silenceMsMax = 30_000;
const drainMs = 60_000;
const requestMs = 10_000;

/** Starts an API server as the flags say. Rejects when it cannot listen; nothing keeps running then. */
export async function startApiServer(
  flags: ParsedFlags,
  { logger }: { readonly logger: Logger },
): Promise<RunningApiServer> {
  const endpointsOfStore = flags.list('etcd-servers');
  if (endpointsOfStore.length === 0) {
    throw new UsageError(
      '--etcd-servers is required: give the URLs of the store, as http://127.0.0.1:2379',
    );
  }
  const [clock, prng] = [hostClock, entropyPrng()];
  const newUid = () => randomUUID();
  const scheme = new Scheme({ runtimeConfig: parseRuntimeConfig(flags.text('runtime-config')) });
  const client = connect({
    endpoints: endpointsOfStore,
    logger,
    timeouts: { requestMs },
    ...(await storeTls(flags)),
  });
  const store = new StoreConnection({
    client,
    clock,
    prng: prng.fork(),
    logger,
    compactionIntervalMs: flags.durationMs('etcd-compaction-interval'),
  });
  const endpoints = new EndpointTable({
    scheme,
    store,
    fieldManagement: null,
    storePrefix: flags.text('etcd-prefix').replace(/\/$/, ''),
    eventTtlSeconds: Math.ceil(flags.durationMs('event-ttl') / 1000),
    newUid,
    prng: prng.fork(),
  });
  const objects = objectReader(endpoints);
  const policy = new RbacPolicy();
  const keys = await openServiceAccountKeys(flags, logger);
  const inputs = { flags, objects, policy, keys, clock, logger };
  const authorizer = openAuthorization(inputs);
  const authenticator = await openAuthentication(inputs);
  endpoints.enableWrites({ admission: admissionChain([]), hooks: {} });
  const writes = new ServerWrites(endpoints, () => clock.wallTime());
  const routes = new PlainRoutes();
  const { version: nodeVersion, platform, arch } = process;
  addDocumentRoutes(
    routes,
    versionDocument({ version: flotillaVersion, nodeVersion, platform: `${platform}/${arch}` }),
  );
  const port = flags.number('secure-port');
  addDiscoveryRoutes(routes, new Discovery(scheme), `${advertised(flags)}:${port}`);
  const server = new ApiServer({
    scheme,
    endpoints,
    clock,
    prng,
    logger,
    newUid,
    limits: {
      readingRequestsMax: flags.number('max-requests-inflight'),
      writingRequestsMax: flags.number('max-mutating-requests-inflight'),
      requestTimeoutMs: flags.durationMs('request-timeout'),
      watchSecondsMin: flags.number('min-request-timeout'),
    },
    protobuf: null,
    security: {
      authenticator,
      authorizer,
      audit: { onRequest() {}, onResponseStarted() {}, onResponseComplete() {} },
    },
    special: new Map(),
    routes,
  });
  const certificate = await servingCertificate(flags, certificateNames(flags), clock.wallTime());
  const rpc = createHttp2Server({
    services: [],
    web: server.handle,
    clock,
    logger,
    limits: { receiveBytesMax: 4 << 20, concurrentStreamsMax: 1000 },
    keepalive: { intervalMs: 30_000, timeoutMs: 15_000 },
  });
  const listener = await listen({
    url: `https://${urlHost(flags.text('bind-address'))}:${port}`,
    tls: { ...certificate, clientCa: null, clientCertAuth: false, isClientCertUnverified: true },
    rpc,
    http: new Map(),
    web: server.handle,
    clock,
    logger,
    silenceMsMax,
  });
  const stopped = new AbortController();
  const done = new Set<string>();
  const steps = basicSteps(writes);
  for (const { name } of steps) {
    server.readiness.add({
      name: `poststarthook/${name}`,
      check: () => (done.has(name) ? null : 'not finished'),
    });
  }
  const ready = runBootstrap(steps, {
    clock,
    logger,
    signal: stopped.signal,
    onDone: (name) => done.add(name),
  });
  return {
    url: `https://${urlHost(reachable(flags.text('bind-address')))}:${listener.port}`,
    port: listener.port,
    certificate: certificate.cert,
    ready,
    async close() {
      server.readiness.beginShutdown();
      stopped.abort();
      await ready;
      server.endWatches();
      await Promise.all([listener.close({ graceMs: drainMs }), rpc.close({ graceMs: drainMs })]);
      await server.close();
      await store.close();
      await client.close();
    },
  };
}

async function storeTls(
  flags: ParsedFlags,
): Promise<{ tls?: { ca?: string; cert?: string; key?: string } }> {
  const [ca, cert, key] = await Promise.all(
    ['etcd-cafile', 'etcd-certfile', 'etcd-keyfile'].map(async (name) => {
      const path = flags.text(name);
      return path === '' ? undefined : readTextFile(path);
    }),
  );
  if (ca === undefined && cert === undefined) return {};
  return {
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  };
}

function certificateNames(flags: ParsedFlags): string[] {
  const names = [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    '127.0.0.1',
    '::1',
    advertised(flags),
  ];
  return [...new Set(names)];
}

function advertised(flags: ParsedFlags): string {
  return flags.text('advertise-address') || reachable(flags.text('bind-address'));
}

/** An address that means all of them cannot be dialled. */
function reachable(address: string): string {
  return address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
}

function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
