import { randomUUID } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import { decodeObject } from '../../control/api/codec/decode.js';
import { setObjectDefaults } from '../../control/api/schema-defaults.js';
import type { Scheme } from '../../control/api/scheme.js';
import {
  AdmissionConfigError,
  type ConfiguredOptions,
  readAdmissionConfig,
} from '../../control/apiserver/admission/admission-config.js';
import {
  createPlugins,
  type PluginOptions,
} from '../../control/apiserver/admission/create-plugins.js';
import { enabledPlugins, PluginFlagError } from '../../control/apiserver/admission/plugin-names.js';
import { refusePrivilegedPods } from '../../control/apiserver/admission/plugins/privileged-pods.js';
import { defaultPodSecurity } from '../../control/apiserver/admission/pod-security/plugin.js';
import type { AdmissionServices } from '../../control/apiserver/admission/services.js';
import { webPoster } from '../../control/apiserver/admission/webhooks/web-poster.js';
import { WebhookCaller } from '../../control/apiserver/admission/webhooks/webhook-caller.js';
import {
  WebhookCredentials,
  WebhookCredentialsError,
} from '../../control/apiserver/admission/webhooks/webhook-credentials.js';
import {
  mutatingAdmissionWebhook,
  validatingAdmissionWebhook,
} from '../../control/apiserver/admission/webhooks/webhook-plugins.js';
import { EscalationCheck } from '../../control/apiserver/authorization/rbac/escalation.js';
import type { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import { mutatingAdmissionPolicy } from '../../control/apiserver/cel/mutating-policy-plugin.js';
import type { ResourceOfParams } from '../../control/apiserver/cel/policy-params.js';
import { validatingAdmissionPolicy } from '../../control/apiserver/cel/validating-policy-plugin.js';
import type {
  AdmissionPlugin,
  AdmissionRequest,
  Authorizer,
  ObjectReader,
} from '../../control/apiserver/contracts.js';
import type { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import type { StepMetrics } from '../../control/apiserver/server/step-metrics.js';
import { apiVersionOf, type KubeObject } from '../../control/machinery/object.js';
import { StatusError } from '../../control/machinery/status.js';
import { internalError } from '../../control/machinery/status-errors.js';
import { readTextFile } from '../../host/text-file.js';
import type { WebClient } from '../../rpc/web-client.js';
import { UsageError } from '../usage-error.js';
import { openImagePolicy } from './image-policy.js';
import type { ParsedFlags } from './parse.js';

/** What admission is made with. */
export interface AdmissionInputs {
  readonly flags: ParsedFlags;
  readonly scheme: Scheme;
  readonly objects: ObjectReader;
  readonly latest: ObjectReader;
  readonly writes: ServerWrites;
  readonly policy: RbacPolicy;
  readonly authorizer: Authorizer;
  /** Whether it is among the authorizers, or was at the start. */
  readonly usesRbac: boolean;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  /** Asks webhooks. */
  readonly web: WebClient;
  readonly steps: StepMetrics;
}

const tolerationSeconds = 300;

/** The plugins that the flags ask for, in order. Throws UsageError for names that there are not. */
export async function openAdmission(inputs: AdmissionInputs): Promise<readonly AdmissionPlugin[]> {
  const { flags, objects, latest, writes, authorizer, clock, prng, logger, steps } = inputs;
  const services: AdmissionServices = {
    ...{ objects, latest, authorizer, clock, prng },
    log: logger,
    onWebhook: (step, seconds) => steps.onWebhook(step, seconds),
    writer: {
      async create(resource, namespace, object) {
        await writes.create(resource, namespace, object);
      },
      updateStatus: (resource, namespace, object) =>
        writes.update(
          { resource, namespace, name: object.metadata.name ?? '' },
          () => object,
          'status',
        ),
    },
  };
  const names = namesOf(flags);
  const configured = await configuredOptions(flags);
  const options = { ...optionsFor(inputs.scheme), ...configured };
  const policyParts = { services, resourceOf: resourceOfParams(inputs.scheme) };
  const callerFor = async (file: string | undefined) =>
    new WebhookCaller(services, webPoster(inputs.web, await credentialsIn(file)), randomUUID);
  const mutating = await callerFor(configured.mutatingWebhooksFile);
  const validating = await callerFor(configured.validatingWebhooksFile);
  const imagePolicy = names.includes('ImagePolicyWebhook')
    ? { ImagePolicyWebhook: await openImagePolicy(configured.imagePolicy, inputs) }
    : {};
  const plugins = createPlugins(names, services, options, {
    ...imagePolicy,
    MutatingAdmissionWebhook: mutatingAdmissionWebhook(services, mutating, {
      normalize: (request, object) => normalized(inputs.scheme, request, object),
      inTree: createPlugins(names, services, options),
    }),
    ValidatingAdmissionWebhook: validatingAdmissionWebhook(services, validating),
    ValidatingAdmissionPolicy: validatingAdmissionPolicy({
      ...policyParts,
      onCheck: steps.onPolicyCheck,
    }),
    MutatingAdmissionPolicy: mutatingAdmissionPolicy({
      ...policyParts,
      normalize: (request, object) => normalized(inputs.scheme, request, object),
      schemaOf: ({ group, version, kind }) => inputs.scheme.kind({ group, version, kind })?.schema,
    }),
  });
  // Who may write roles is a question of authorization: no flag turns it off.
  return [
    ...plugins,
    ...(flags.isTrue('allow-privileged') ? [] : [refusePrivilegedPods]),
    ...(inputs.usesRbac ? [new EscalationCheck(inputs.policy, authorizer)] : []),
  ];
}

/** The resource of a kind that policies take parameters from. */
function resourceOfParams(scheme: Scheme): ResourceOfParams {
  return (apiVersion, kind) => {
    for (const served of scheme.resources())
      if (served.kind === kind && apiVersionOf(served) === apiVersion && served.storage !== null)
        return served;
    return undefined;
  };
}

/** What a webhook made of an object is read like a body: 500 when it is not of its kind any more. */
function normalized(scheme: Scheme, request: AdmissionRequest, object: KubeObject): KubeObject {
  const of = request.document ?? request;
  const wrong = (why: string) =>
    internalError(new Error(`the object that a webhook patched cannot be read: ${why}`));
  const apiVersion = apiVersionOf(of);
  if (object.kind !== of.kind || object.apiVersion !== apiVersion)
    throw wrong(`it is no ${of.kind} of ${apiVersion} any more`);
  const known = scheme.kind(of);
  // Options of an exec and the like have no schema: nothing is stored of them.
  if (known === undefined) return { ...object, metadata: object.metadata ?? {} };
  const body = new TextEncoder().encode(JSON.stringify(object));
  try {
    const read = decodeObject(scheme, known, { body, format: 'json', fieldValidation: 'Ignore' });
    setObjectDefaults(read.object, known);
    return read.object;
  } catch (error) {
    throw error instanceof StatusError ? wrong(error.message) : error;
  }
}

function namesOf(flags: ParsedFlags): readonly string[] {
  try {
    return enabledPlugins({
      enable: flags.list('enable-admission-plugins'),
      disable: flags.list('disable-admission-plugins'),
    });
  } catch (error) {
    if (error instanceof PluginFlagError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** What --admission-control-config-file says of plugins; files that it names are looked for beside it. */
async function configuredOptions(flags: ParsedFlags): Promise<ConfiguredOptions> {
  const path = flags.text('admission-control-config-file');
  if (path === '') return {};
  try {
    return await readAdmissionConfig(await readTextFile(path), (named) =>
      readTextFile(resolve(dirname(path), named)),
    );
  } catch (error) {
    if (!(error instanceof AdmissionConfigError)) throw error;
    throw new UsageError(`--admission-control-config-file ${path}: ${error.message}`, {
      cause: error,
    });
  }
}

/** As whom webhooks are asked, by a kubeconfig; files that it names are looked for beside it. Rejects with UsageError. */
async function credentialsIn(path = ''): Promise<WebhookCredentials> {
  if (path === '') return WebhookCredentials.none;
  try {
    return await WebhookCredentials.parse(await readTextFile(path), (named) =>
      readTextFile(resolve(dirname(path), named)),
    );
  } catch (error) {
    if (!(error instanceof WebhookCredentialsError)) throw error;
    throw new UsageError(`kubeConfigFile ${path}: ${error.message}`, { cause: error });
  }
}

function optionsFor(scheme: Scheme): PluginOptions {
  return {
    tolerationSeconds: {
      notReadySeconds: tolerationSeconds,
      unreachableSeconds: tolerationSeconds,
    },
    podSecurity: defaultPodSecurity,
    podNodeSelector: { clusterDefault: {}, allowed: {} },
    podTolerations: { defaults: [], allowed: [] },
    eventRateLimit: { limits: [] },
    limitedResources: [],
    resourceOfKind(apiVersion, kind) {
      const slash = apiVersion.indexOf('/');
      const group = slash < 0 ? '' : apiVersion.slice(0, slash);
      const version = apiVersion.slice(slash + 1);
      for (const served of scheme.resources()) {
        if (served.group === group && served.version === version && served.kind === kind) {
          return { group, version, resource: served.resource };
        }
      }
      return undefined;
    },
  };
}
