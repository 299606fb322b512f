import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Discovery } from '../../control/api/discovery/discovery.js';
import { OpenApi } from '../../control/api/openapi/open-api.js';
import { KubernetesProtobuf } from '../../control/api/protobuf/protobuf-codec.js';
import { webPoster } from '../../control/apiserver/admission/webhooks/web-poster.js';
import { ApiServices } from '../../control/apiserver/aggregation/api-services.js';
import type { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import { signingRequestHooks } from '../../control/apiserver/certificates/signing-request-hooks.js';
import { asksForStream } from '../../control/apiserver/connect/upgrade-paths.js';
import type { Authorizer } from '../../control/apiserver/contracts.js';
import { CustomResources } from '../../control/apiserver/crd/custom-resources.js';
import { definitionHooks } from '../../control/apiserver/crd/definition-hooks.js';
import { FlowControl } from '../../control/apiserver/flow-control/flow-control.js';
import { admissionChain } from '../../control/apiserver/registry/admission-chain.js';
import { namespaceHooks } from '../../control/apiserver/registry/namespace-hooks.js';
import { serviceHooks } from '../../control/apiserver/registry/services/service-hooks.js';
import { ApiServer } from '../../control/apiserver/server/api-server.js';
import { addBuildInfo } from '../../control/apiserver/server/build-info.js';
import { addStoreSize } from '../../control/apiserver/server/store-size.js';
import { kubernetesGitVersion } from '../../control/apiserver/server/version.js';
import type { WebRequest } from '../../rpc/web.js';
import { WebClient } from '../../rpc/web-client.js';
import { flotillaVersion } from '../version.js';
import { openAdmission } from './admission.js';
import { BesideRequests } from './beside-requests.js';
import { openEncryption } from './encryption.js';
import { openKubelets } from './kubelets.js';
import { type Gate, openGate } from './open-gate.js';
import { type ComposeInputs, type OpenedObjects, openObjects } from './open-objects.js';
import { openRoutes, ownVersion } from './open-routes.js';
import type { ParsedFlags } from './parse.js';
import { authenticationInfo } from './security.js';
import { openServiceParts } from './service-parts.js';
import { specialHandlers } from './special-handlers.js';

/** An API server with all its parts, but for its port. */
export interface ComposedServer {
  readonly server: ApiServer;
  readonly beside: BesideRequests;
  /** Whether a request for another protocol may get it. All others are answered as if they had not asked. */
  takesUpgrade(request: WebRequest): boolean;
  /** Closes the storages; nothing is answered from then on. */
  close(): Promise<void>;
}

/** Puts an API server together as the flags say. When it rejects, nothing is left open. */
export async function composeApiServer(inputs: ComposeInputs): Promise<ComposedServer> {
  const encryption = await openEncryption(inputs.flags, inputs);
  const opened = openObjects(inputs, encryption.transformerOf);
  const web = new WebClient({ clock: inputs.clock });
  try {
    const composed = await compose(inputs, opened, web);
    const { readiness, metrics } = composed.server;
    if (encryption.isExternal)
      readiness.add({ name: 'kms-providers', check: () => encryption.problem() });
    encryption.reloads?.register(metrics.registry, inputs.address);
    const stopped = new AbortController();
    const followed = Promise.all([encryption.run(stopped.signal), composed.run(stopped.signal)]);
    return {
      ...composed,
      async close() {
        stopped.abort();
        await composed.close();
        await followed;
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
  opened: OpenedObjects,
  web: WebClient,
): Promise<ComposedServer & Pick<Gate, 'run'>> {
  const { flags, clock, prng, logger } = inputs;
  const { scheme, store, endpoints } = opened;
  const gate = await openGate(inputs, opened, web);
  const { policy, nodes, keys, tokens, security, authorization } = gate;
  const { authorizer } = authorization;
  const modes = authorization.modes();
  const serviceParts = openServiceParts({ flags, prng, logger, ...opened });
  const usesRbac = modes.includes('RBAC');
  await enableWrites(inputs, opened, { policy, authorizer, usesRbac, web, serviceParts });
  const checkStore = async () => {
    await inputs.client.kv.get(`${opened.storePrefix}/health`);
    return null;
  };
  const discovery = new Discovery(scheme);
  const picker = prng.fork();
  const pick = (count: number) => Math.floor(picker.float() * count);
  const openApi = new OpenApi(scheme, { serverVersion: kubernetesGitVersion(flotillaVersion) });
  const apiServices = new ApiServices({
    ...{ ...opened, discovery, openApi, web, pick, clock, logger },
    identity: await openProxyIdentity(flags),
  });
  const kubelets = await openKubelets(flags, opened.latest);
  const special = specialHandlers({
    ...{ ...opened, security, authorization, policy, tokens, checkStore, kubelets, pick },
  });
  const flows = openFlowControl(flags);
  const server = new ApiServer({
    ...{ scheme, endpoints, clock, logger, special, steps: opened.steps },
    newUid: randomUUID,
    prng: prng.fork(),
    limits: limitsOf(flags),
    flows,
    protobuf: new KubernetesProtobuf(),
    security: { authenticator: gate.authenticator, authorizer, audit: gate.audit },
    routes: await openRoutes(inputs, { openApi, discovery, keys, apiServices }),
    answerElsewhere: (exchange) => apiServices.answer(exchange),
  });
  apiServices.metrics.register(server.metrics.registry);
  gate.register(server.metrics.registry);
  addBuildInfo(server.metrics.registry, ownVersion());
  addStoreSize(server.metrics.registry, flags.list('etcd-servers'), async (endpoint) => {
    const { dbSize } = await inputs.client.maintenance.status(endpoint);
    return Number(dbSize);
  });
  const customResources = new CustomResources({
    ...{ ...opened, clock, logger, newUid: randomUUID, post: webPoster(web), pick },
    observer: {
      now: () => clock.now(),
      onCompiled: (seconds) => opened.steps.onRulesCompiled(seconds),
      onEvaluated: (seconds) => opened.steps.onRulesEvaluated(seconds),
    },
  });
  const beside = new BesideRequests({
    ...{ ...inputs, ...opened, server, modes, policy, nodes, serviceParts, checkStore },
    ...{ customResources, apiServices, flows },
    authenticationInfo: await authenticationInfo(flags),
  });
  return {
    server,
    beside,
    run: gate.run,
    takesUpgrade: (request) => asksForStream(request) || apiServices.takesUpgrade(request),
    async close() {
      await server.close();
      await beside.close();
      await serviceParts.close();
      await gate.audit.close();
      web.close();
      await store.close();
    },
  };
}

/** Lets writes in, through admission and what some kinds want besides. */
async function enableWrites(
  { flags, clock, prng, logger }: ComposeInputs,
  opened: OpenedObjects,
  parts: {
    readonly policy: RbacPolicy;
    readonly authorizer: Authorizer;
    readonly usesRbac: boolean;
    readonly web: WebClient;
    readonly serviceParts: ReturnType<typeof openServiceParts>;
  },
): Promise<void> {
  const { policy, authorizer, usesRbac, web, serviceParts } = parts;
  const plugins = await openAdmission({
    ...{ ...opened, flags, policy, authorizer, usesRbac, clock, logger, web },
    prng: prng.fork(),
  });
  opened.endpoints.enableWrites({
    admission: admissionChain(plugins, {
      now: () => clock.now(),
      onStep: (step, seconds) => opened.steps.onAdmission(step, seconds),
      onPhase: (phase, seconds) => opened.steps.onAdmissionPhase(phase, seconds),
    }),
    hooks: {
      namespaces: namespaceHooks,
      services: serviceHooks(serviceParts),
      'certificatesigningrequests.certificates.k8s.io': signingRequestHooks,
      'customresourcedefinitions.apiextensions.k8s.io': definitionHooks(() => clock.wallTime()),
    },
  });
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
