import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { Client } from '../../client/index.js';
import { Discovery } from '../../control/api/discovery/discovery.js';
import { builtInKinds } from '../../control/api/kinds.js';
import { OpenApi } from '../../control/api/openapi/open-api.js';
import { KubernetesProtobuf } from '../../control/api/protobuf/protobuf-codec.js';
import { parseRuntimeConfig } from '../../control/api/runtime-config.js';
import { Scheme } from '../../control/api/scheme.js';
import { webPoster } from '../../control/apiserver/admission/webhooks/web-poster.js';
import { ApiServices } from '../../control/apiserver/aggregation/api-services.js';
import { issuerDocuments } from '../../control/apiserver/authentication/service-account/discovery.js';
import type { TokenAuthenticator } from '../../control/apiserver/authentication/token-authenticator.js';
import { NodeGraph } from '../../control/apiserver/authorization/node/node-graph.js';
import { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import { expressionChecker } from '../../control/apiserver/cel/admission-environment.js';
import { signingRequestHooks } from '../../control/apiserver/certificates/signing-request-hooks.js';
import { asksForStream } from '../../control/apiserver/connect/upgrade-paths.js';
import { CustomResources } from '../../control/apiserver/crd/custom-resources.js';
import { definitionHooks } from '../../control/apiserver/crd/definition-hooks.js';
import { FlowControl } from '../../control/apiserver/flow-control/flow-control.js';
import { admissionChain } from '../../control/apiserver/registry/admission-chain.js';
import { EndpointTable } from '../../control/apiserver/registry/endpoint-table.js';
import { FieldManagers } from '../../control/apiserver/registry/field-managers.js';
import { namespaceHooks } from '../../control/apiserver/registry/namespace-hooks.js';
import { objectReader } from '../../control/apiserver/registry/object-reader.js';
import { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import { serviceHooks } from '../../control/apiserver/registry/services/service-hooks.js';
import { ApiServer } from '../../control/apiserver/server/api-server.js';
import { addDiscoveryRoutes } from '../../control/apiserver/server/discovery-routes.js';
import { addDocumentRoutes } from '../../control/apiserver/server/document-routes.js';
import { addIssuerRoutes } from '../../control/apiserver/server/issuer-routes.js';
import { addOpenApiRoutes } from '../../control/apiserver/server/openapi-routes.js';
import { PlainRoutes } from '../../control/apiserver/server/plain-routes.js';
import { addProfileRoute } from '../../control/apiserver/server/profile-route.js';
import { StepMetrics } from '../../control/apiserver/server/step-metrics.js';
import { kubernetesGitVersion, versionDocument } from '../../control/apiserver/server/version.js';
import { StoreConnection } from '../../control/apiserver/storage/index.js';
import { addStoreRoutes } from '../../control/dashboard/index.js';
import type { WebRequest } from '../../rpc/web.js';
import { WebClient } from '../../rpc/web-client.js';
import { flotillaVersion } from '../version.js';
import { openAdmission } from './admission.js';
import { openAudit } from './audit.js';
import { BesideRequests } from './beside-requests.js';
import { openEncryption, type Transformers } from './encryption.js';
import { openKubelets } from './kubelets.js';
import type { ParsedFlags } from './parse.js';
import { openAuthentication, openAuthorization, type SecurityInputs } from './security.js';
import { openServiceAccountKeys, type ServiceAccountKeys } from './service-account-keys.js';
import { openServiceParts } from './service-parts.js';
import { specialHandlers } from './special-handlers.js';
import { openTokens } from './token-kinds.js';

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
  readonly beside: BesideRequests;
  /** Whether a request for another protocol may get it. All others are answered as if they had not asked. */
  takesUpgrade(request: WebRequest): boolean;
  /** Closes the storages; nothing is answered from then on. */
  close(): Promise<void>;
}

/** The objects in the store, and the ways to read and write them. */
function openObjects(
  { flags, client, clock, prng, logger }: ComposeInputs,
  transformerOf: Transformers,
) {
  const scheme = new Scheme({
    runtimeConfig: parseRuntimeConfig(flags.text('runtime-config')),
    kinds: builtInKinds({ checkExpression: expressionChecker }),
  });
  const compactionIntervalMs = flags.durationMs('etcd-compaction-interval');
  const steps = new StepMetrics();
  const parts = { client, clock, logger, prng: prng.fork(), compactionIntervalMs };
  const store = new StoreConnection({ ...parts, observe: steps.onStore });
  const storePrefix = flags.text('etcd-prefix').replace(/\/$/, '');
  const endpoints = new EndpointTable({
    ...{ scheme, store, storePrefix, transformerOf },
    fieldManagement: new FieldManagers(scheme),
    eventTtlSeconds: Math.ceil(flags.durationMs('event-ttl') / 1000),
    newUid: randomUUID,
    prng: prng.fork(),
  });
  const writes = new ServerWrites(endpoints, () => clock.wallTime());
  const objects = objectReader(endpoints);
  const latest = objectReader(endpoints, 'latest');
  return { scheme, store, storePrefix, endpoints, writes, objects, latest, steps };
}

/** Puts an API server together as the flags say. When it rejects, nothing is left open. */
export async function composeApiServer(inputs: ComposeInputs): Promise<ComposedServer> {
  const encryption = await openEncryption(inputs.flags, inputs);
  const opened = openObjects(inputs, encryption.transformerOf);
  const web = new WebClient({ clock: inputs.clock });
  try {
    const composed = await compose(inputs, opened, web);
    if (encryption.isExternal) {
      const check = () => encryption.problem();
      composed.server.readiness.add({ name: 'kms-providers', check });
    }
    return {
      ...composed,
      async close() {
        await composed.close();
        await encryption.close();
      },
    };
  } catch (error) {
    web.close();
    await opened.endpoints.close();
    await opened.store.close();
    await encryption.close();
    throw error;
  }
}

async function compose(
  inputs: ComposeInputs,
  opened: ReturnType<typeof openObjects>,
  web: WebClient,
): Promise<ComposedServer> {
  const { flags, clock, prng, logger } = inputs;
  const { scheme, store, endpoints } = opened;
  const policy = new RbacPolicy();
  const nodes = new NodeGraph();
  const keys = await openServiceAccountKeys(flags, logger);
  const security: SecurityInputs = {
    ...{
      flags,
      policy,
      nodes,
      keys,
      clock,
      logger,
      web,
      objects: opened.objects,
      writes: opened.writes,
    },
    ...(inputs.extraTokens === undefined ? {} : { extraTokens: inputs.extraTokens }),
  };
  const authorizer = await openAuthorization(security);
  const tokens = await openTokens(security);
  const authenticator = await openAuthentication(security, tokens);
  const audit = await openAudit(flags, clock, logger);
  const serviceParts = openServiceParts({ flags, prng, logger, ...opened });
  endpoints.enableWrites({
    admission: admissionChain(
      await openAdmission({
        ...{ ...opened, flags, policy, authorizer, clock, logger, web },
        prng: prng.fork(),
      }),
      {
        now: () => clock.now(),
        onStep: (step, seconds) => opened.steps.onAdmission(step, seconds),
      },
    ),
    hooks: {
      namespaces: namespaceHooks,
      services: serviceHooks(serviceParts),
      'certificatesigningrequests.certificates.k8s.io': signingRequestHooks,
      'customresourcedefinitions.apiextensions.k8s.io': definitionHooks(() => clock.wallTime()),
    },
  });
  const checkStore = async () => {
    await inputs.client.kv.get(`${opened.storePrefix}/health`);
    return null;
  };
  const discovery = new Discovery(scheme);
  const picker = prng.fork();
  const pick = (count: number) => Math.floor(picker.float() * count);
  const apiServices = new ApiServices({
    ...{ ...opened, discovery, web, pick, clock, logger },
    identity: await openProxyIdentity(flags),
  });
  const kubelets = await openKubelets(flags, opened.latest);
  const special = specialHandlers({
    ...{ ...opened, security, authorizer, tokens, checkStore, kubelets, pick },
  });
  const flows = openFlowControl(flags);
  const server = new ApiServer({
    ...{ scheme, endpoints, clock, logger, special, steps: opened.steps },
    newUid: randomUUID,
    prng: prng.fork(),
    limits: limitsOf(flags),
    flows,
    protobuf: new KubernetesProtobuf(),
    security: { authenticator, authorizer, audit },
    routes: await openRoutes(inputs, { scheme, discovery, keys, apiServices }),
    answerElsewhere: (exchange) => apiServices.answer(exchange),
  });
  const customResources = new CustomResources({
    ...{ ...opened, clock, logger, newUid: randomUUID, post: webPoster(web), pick },
  });
  const beside = new BesideRequests({
    ...{ ...inputs, ...opened, server, policy, nodes, serviceParts, checkStore },
    ...{ customResources, apiServices, flows },
  });
  return {
    server,
    beside,
    takesUpgrade: (request) => asksForStream(request) || apiServices.takesUpgrade(request),
    async close() {
      await server.close();
      await beside.close();
      await serviceParts.close();
      web.close();
      await store.close();
    },
  };
}

/** Null when it is turned off, or nothing is bounded. */
function openFlowControl(flags: ParsedFlags): FlowControl | null {
  const seats =
    flags.number('max-requests-inflight') + flags.number('max-mutating-requests-inflight');
  return flags.isTrue('enable-priority-and-fairness') && seats > 0 ? new FlowControl(seats) : null;
}

function limitsOf(flags: ParsedFlags) {
  return {
    readingRequestsMax: flags.number('max-requests-inflight'),
    writingRequestsMax: flags.number('max-mutating-requests-inflight'),
    requestTimeoutMs: flags.durationMs('request-timeout'),
    watchSecondsMin: flags.number('min-request-timeout'),
  };
}

/** The certificate by which this server shows itself to aggregated servers; null when the flags name none. */
async function openProxyIdentity(flags: ParsedFlags) {
  const [certFile, keyFile] = ['proxy-client-cert-file', 'proxy-client-key-file'].map((name) =>
    flags.text(name),
  );
  if (!certFile || !keyFile) return null;
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { cert, key };
}

/** The paths that are no resources. */
async function openRoutes(
  { flags, address, client, clock, logger }: ComposeInputs,
  {
    scheme,
    discovery,
    keys,
    apiServices,
  }: {
    readonly scheme: Scheme;
    readonly discovery: Discovery;
    readonly keys: ServiceAccountKeys;
    readonly apiServices: ApiServices;
  },
): Promise<PlainRoutes> {
  const port = flags.number('secure-port');
  const routes = new PlainRoutes();
  const { version: nodeVersion, platform, arch } = process;
  const build = { version: flotillaVersion, nodeVersion, platform: `${platform}/${arch}` };
  addDocumentRoutes(routes, versionDocument(build));
  addDiscoveryRoutes(routes, discovery, `${address}:${port}`);
  addOpenApiRoutes(
    routes,
    new OpenApi(scheme, { serverVersion: kubernetesGitVersion(build.version) }),
    apiServices,
  );
  if (flags.isTrue('profiling')) addProfileRoute(routes, clock);
  addStoreRoutes(routes, { client, clock });
  const documents = await issuerDocuments({
    issuer: keys.issuers[0] ?? '',
    keySetUrl: flags.text('service-account-jwks-uri'),
    externalAddress: `${flags.text('external-hostname') || address}:${port}`,
    keys: keys.verification,
  });
  if (documents !== null) addIssuerRoutes(routes, documents);
  else logger.warn('the issuer of service account tokens is no https URL: its keys are not served');
  return routes;
}
