import { randomUUID } from 'node:crypto';
import { defined } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { Client } from '../../client/index.js';
import { Discovery } from '../../control/api/discovery/discovery.js';
import { parseRuntimeConfig } from '../../control/api/runtime-config.js';
import { Scheme } from '../../control/api/scheme.js';
import { reviewToken } from '../../control/apiserver/authentication/reviews.js';
import { issueToken } from '../../control/apiserver/authentication/service-account/token-request.js';
import type { TokenAuthenticator } from '../../control/apiserver/authentication/token-authenticator.js';
import { reconcileBootstrapRbac } from '../../control/apiserver/authorization/rbac/bootstrap/reconcile.js';
import { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import { reviewHandlers } from '../../control/apiserver/handlers/reviews.js';
import type { SubresourceHandler } from '../../control/apiserver/handlers/router.js';
import { subresourceHandlers } from '../../control/apiserver/handlers/subresources.js';
import { admissionChain } from '../../control/apiserver/registry/admission-chain.js';
import { EndpointTable } from '../../control/apiserver/registry/endpoint-table.js';
import { namespaceHooks } from '../../control/apiserver/registry/namespace-hooks.js';
import { objectReader } from '../../control/apiserver/registry/object-reader.js';
import { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import { serviceHooks } from '../../control/apiserver/registry/services/service-hooks.js';
import { ApiServer } from '../../control/apiserver/server/api-server.js';
import {
  type BootstrapStep,
  basicSteps,
  runBootstrap,
} from '../../control/apiserver/server/bootstrap.js';
import { addDiscoveryRoutes } from '../../control/apiserver/server/discovery-routes.js';
import { addDocumentRoutes } from '../../control/apiserver/server/document-routes.js';
import { KubernetesService } from '../../control/apiserver/server/kubernetes-service.js';
import { PlainRoutes } from '../../control/apiserver/server/plain-routes.js';
import { feedRbacPolicy, rbacWriter } from '../../control/apiserver/server/rbac-feed.js';
import { versionDocument } from '../../control/apiserver/server/version.js';
import { openStorage, StoreConnection } from '../../control/apiserver/storage/index.js';
import { flotillaVersion } from '../version.js';
import type { ParsedFlags } from './parse.js';
import { apiAudiences, openAuthentication, openAuthorization, openTokens } from './security.js';
import { openServiceAccountKeys } from './service-account-keys.js';
import { openServiceParts } from './service-parts.js';

/** What an API server lives on. */
export interface ComposeInputs {
  readonly flags: ParsedFlags;
  /** Stays the caller's, who closes it last. */
  readonly client: Client;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  /** The address of this replica that others reach. */
  readonly address: string;
  /** A further kind of tokens, such as a test environment's administrator. */
  readonly extraTokens?: TokenAuthenticator;
}

/** An API server with all its parts, but for its port. */
export interface ComposedServer {
  readonly server: ApiServer;
  /** Begins what runs beside requests; resolves once everything is there that a cluster begins with. */
  start(port: number): Promise<void>;
  /** Stops that. Requests that are under way still find their storage. */
  stop(): Promise<void>;
  /** Closes the storages. */
  close(): Promise<void>;
}

/** Puts an API server together as the flags say. */
export async function composeApiServer(inputs: ComposeInputs): Promise<ComposedServer> {
  const { flags, client, clock, prng, logger } = inputs;
  const newUid = () => randomUUID();
  const scheme = new Scheme({ runtimeConfig: parseRuntimeConfig(flags.text('runtime-config')) });
  const compactionIntervalMs = flags.durationMs('etcd-compaction-interval');
  const store = new StoreConnection({
    client,
    clock,
    prng: prng.fork(),
    logger,
    compactionIntervalMs,
  });
  const storePrefix = flags.text('etcd-prefix').replace(/\/$/, '');
  const endpoints = new EndpointTable({
    scheme,
    store,
    fieldManagement: null,
    storePrefix,
    eventTtlSeconds: Math.ceil(flags.durationMs('event-ttl') / 1000),
    newUid,
    prng: prng.fork(),
  });
  const writes = new ServerWrites(endpoints, () => clock.wallTime());
  const [objects, latest] = [objectReader(endpoints), objectReader(endpoints, 'latest')];
  const policy = new RbacPolicy();
  const keys = await openServiceAccountKeys(flags, logger);
  const { extraTokens } = inputs;
  const security = {
    ...{ flags, objects, policy, keys, clock, logger },
    ...(extraTokens === undefined ? {} : { extraTokens }),
  };
  const authorizer = openAuthorization(security);
  const authenticator = await openAuthentication(security);
  const tokens = await openTokens(security);
  const audiences = apiAudiences(security);
  const serviceParts = openServiceParts({
    ...{ flags, store, storePrefix, writes, endpoints, latest, prng, logger },
  });
  endpoints.enableWrites({
    admission: admissionChain([]),
    hooks: { namespaces: namespaceHooks, services: serviceHooks(serviceParts) },
  });
  const special = new Map<string, SubresourceHandler>([
    ...reviewHandlers({
      authorizer,
      reviewToken: (review) => reviewToken(review, tokens, audiences),
    }),
    ...subresourceHandlers({
      endpoints,
      writes,
      issueToken: (request, exchange, { isDryRun }) =>
        issueToken(
          request,
          {
            namespace: exchange.info.namespace,
            name: exchange.info.name,
            nowMs: exchange.nowMs,
            isDryRun,
            warn: (text) => exchange.warn(text),
          },
          {
            issuer: keys.issuer,
            apiAudiences: audiences,
            maxSeconds: flags.durationMs('service-account-max-token-expiration') / 1000,
            extendsExpiration: flags.isTrue('service-account-extend-token-expiration'),
            objects: latest,
            uuid: newUid,
          },
        ),
    }),
  ]);
  const routes = new PlainRoutes();
  const { version: nodeVersion, platform, arch } = process;
  addDocumentRoutes(
    routes,
    versionDocument({ version: flotillaVersion, nodeVersion, platform: `${platform}/${arch}` }),
  );
  addDiscoveryRoutes(
    routes,
    new Discovery(scheme),
    `${inputs.address}:${flags.number('secure-port')}`,
  );
  const server = new ApiServer({
    ...{ scheme, endpoints, clock, logger, newUid, special, routes },
    prng: prng.fork(),
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
  });
  const leases = openStorage({
    store,
    prefix: `${storePrefix}/masterleases`,
    groupResource: { group: '', resource: 'endpoints' },
    isNamespaced: false,
    cached: false,
  });
  const stopped = new AbortController();
  const { signal } = stopped;
  const running: Promise<void>[] = [];
  let kubernetes: KubernetesService | null = null;
  const usesRbac = flags.list('authorization-mode').includes('RBAC');
  server.readiness.add({
    name: 'etcd',
    async check() {
      await client.kv.get(`${storePrefix}/health`);
      return null;
    },
  });
  return {
    server,
    async start(port) {
      kubernetes = new KubernetesService({
        ...{ writes, leases, clock, logger, port },
        storageOf: ({ group, resource }) => defined(endpoints.registry(group, resource)).storage,
        address: inputs.address,
        clusterIp: defined(serviceParts.ips[0]).range.at(0n),
      });
      const service = kubernetes;
      const isPublished = flags.text('endpoint-reconciler-type') !== 'none';
      const steps: BootstrapStep[] = [
        ...(usesRbac
          ? [
              {
                name: 'rbac/bootstrap-roles',
                run: () => reconcileBootstrapRbac(rbacWriter(endpoints, writes)),
              },
            ]
          : []),
        ...basicSteps(writes),
        ...(isPublished ? [{ name: 'bootstrap-controller', run: () => service.round() }] : []),
      ];
      const done = new Set<string>();
      for (const { name } of steps) {
        server.readiness.add({
          name: `poststarthook/${name}`,
          check: () => (done.has(name) ? null : 'not finished'),
        });
      }
      if (usesRbac) await feedRbacPolicy(policy, endpoints, { clock, logger, signal });
      running.push(serviceParts.run(clock, signal));
      await runBootstrap(steps, { clock, logger, signal, onDone: (name) => done.add(name) });
      if (isPublished && !signal.aborted) running.push(kubernetes.run(signal));
    },
    async stop() {
      if (kubernetes !== null && flags.text('endpoint-reconciler-type') !== 'none') {
        await kubernetes.leave().catch(() => {
          // The store may be gone already; the lease ends by itself.
        });
      }
      stopped.abort();
      await Promise.all(running);
    },
    async close() {
      await server.close();
      await leases.close();
      await serviceParts.close();
      await store.close();
    },
  };
}
