import {
  AbacError,
  abacAuthorizer,
  parseAbacPolicies,
} from '../../control/apiserver/authorization/abac.js';
import {
  type AuthorizerSettings,
  parseAuthorizationConfig,
} from '../../control/apiserver/authorization/authorization-config.js';
import { AuthorizationMetrics } from '../../control/apiserver/authorization/authorization-metrics.js';
import { alwaysAllow, alwaysDeny } from '../../control/apiserver/authorization/authorizer-chain.js';
import { CurrentAuthorizer } from '../../control/apiserver/authorization/current-authorizer.js';
import { MatchConditions } from '../../control/apiserver/authorization/match-conditions.js';
import {
  type AuthorizationMode,
  authorizerOf,
  ModeError,
  parseModes,
} from '../../control/apiserver/authorization/modes.js';
import { NodeAuthorizer } from '../../control/apiserver/authorization/node/node-authorizer.js';
import type { NodeGraph } from '../../control/apiserver/authorization/node/node-graph.js';
import { RbacAuthorizer } from '../../control/apiserver/authorization/rbac/rbac-authorizer.js';
import type { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import { WebhookAuthorizer } from '../../control/apiserver/authorization/webhook-authorizer.js';
import { ConfigError } from '../../control/apiserver/configuration/config-object.js';
import type { Authorizer } from '../../control/apiserver/contracts.js';
import { readTextFile } from '../../host/text-file.js';
import { UsageError } from '../usage-error.js';
import { type FollowedFile, followFile } from './followed-file.js';
import type { ParsedFlags } from './parse.js';
import type { GateInputs } from './security.js';
import { openReviewer, reviewVersionOf } from './webhook-reviewer.js';

/** Who is asked whether a request may be made. */
export interface OpenedAuthorization {
  readonly authorizer: Authorizer;
  readonly metrics: AuthorizationMetrics;
  /** The modes that there are now, in order. */
  modes(): readonly AuthorizationMode[];
  /** Null: the flags say it, and stay as they are. */
  readonly followed: FollowedFile | null;
}

/** What the authorizers of the modes are made from. */
export interface AuthorizationInputs extends GateInputs {
  readonly policy: RbacPolicy;
  /** Which objects the pods of each node need. */
  readonly nodes: NodeGraph;
}

/** The authorizers of `--authorization-mode` or `--authorization-config`, in order. Throws UsageError for what cannot be used. */
export async function openAuthorization(inputs: AuthorizationInputs): Promise<OpenedAuthorization> {
  const { flags, clock, logger } = inputs;
  const path = flags.text('authorization-config');
  const metrics = new AuthorizationMetrics();
  if (path === '') {
    const settings = await settingsOfFlags(inputs);
    const modes = settings.map(({ type }) => type);
    const authorizer = await chainOf(settings, inputs, metrics);
    return { authorizer, metrics, modes: () => modes, followed: null };
  }
  refuseOtherFlags(flags);
  const text = await readTextFile(path);
  let settings = await refusing(path, async () => parseAuthorizationConfig(text));
  const first = settings;
  const current = new CurrentAuthorizer(
    await refusing(path, () => chainOf(first, inputs, metrics)),
  );
  const apply = async (changed: string) => {
    const next = parseAuthorizationConfig(changed);
    refuseNewModes(first, next);
    current.replace(await chainOf(next, inputs, metrics));
    settings = next;
  };
  return {
    authorizer: current,
    metrics,
    modes: () => settings.map(({ type }) => type),
    followed: followFile({ config: 'authorization', path, text, apply, clock, logger }),
  };
}

function refuseOtherFlags({ given }: ParsedFlags): void {
  const other = [...given].find(
    (name) => name === 'authorization-mode' || name.startsWith('authorization-webhook-'),
  );
  if (other !== undefined)
    throw new UsageError(
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    );
}

/** What RBAC and its like decide by is read from the start or not at all. */
function refuseNewModes(
  first: readonly AuthorizerSettings[],
  next: readonly AuthorizerSettings[],
): void {
  for (const { type } of next) {
    const isThere = first.some((each) => each.type === type);
    if (!isThere && (type === 'RBAC' || type === 'Node' || type === 'ABAC'))
      throw new ConfigError(`authorizers of type ${type} can be added only at a start`);
  }
}

async function refusing<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`--authorization-config ${path}: ${error.message}`, { cause: error });
  }
}

async function settingsOfFlags({ flags }: GateInputs): Promise<readonly AuthorizerSettings[]> {
  try {
    return parseModes(flags.list('authorization-mode')).map((type): AuthorizerSettings => {
      const name = type.toLowerCase();
      return type === 'Webhook' ? { type, name, webhook: webhookOfFlags(flags) } : { type, name };
    });
  } catch (error) {
    if (error instanceof ModeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

const flagTimeoutMs = 30_000;

function webhookOfFlags(flags: ParsedFlags) {
  const kubeconfigFile = flags.text('authorization-webhook-config-file');
  if (kubeconfigFile === '')
    throw new UsageError("authorization-mode Webhook's authorization config file not passed");
  return {
    kubeconfigFile,
    version: reviewVersionOf(flags, 'authorization-webhook'),
    timeoutMs: flagTimeoutMs,
    allowedTtlMs: flags.durationMs('authorization-webhook-cache-authorized-ttl'),
    deniedTtlMs: flags.durationMs('authorization-webhook-cache-unauthorized-ttl'),
    remembersAllowed: true,
    remembersDenied: true,
    onError: 'none',
    conditions: MatchConditions.none,
  } as const;
}

async function chainOf(
  settings: readonly AuthorizerSettings[],
  inputs: AuthorizationInputs,
  metrics: AuthorizationMetrics,
): Promise<Authorizer> {
  const authorizers = await Promise.all(
    settings.map(async (each) =>
      metrics.counted(each.type, each.name, await openAuthorizer(each, inputs, metrics)),
    ),
  );
  return authorizerOf(authorizers, inputs.flags.list('authorization-always-allow-paths'));
}

async function openAuthorizer(
  settings: AuthorizerSettings,
  inputs: AuthorizationInputs,
  metrics: AuthorizationMetrics,
): Promise<Authorizer> {
  switch (settings.type) {
    case 'AlwaysAllow':
      return alwaysAllow;
    case 'AlwaysDeny':
      return alwaysDeny;
    case 'RBAC':
      return new RbacAuthorizer(inputs.policy);
    case 'Node':
      return new NodeAuthorizer(inputs.nodes);
    case 'ABAC':
      return openAbac(inputs.flags);
    case 'Webhook':
      return openWebhook(settings, inputs, metrics);
  }
}

async function openWebhook(
  { name, webhook }: Extract<AuthorizerSettings, { type: 'Webhook' }>,
  { web, clock }: GateInputs,
  metrics: AuthorizationMetrics,
): Promise<Authorizer> {
  const { kubeconfigFile: path, version, timeoutMs, onError, conditions } = webhook;
  const what = 'the kubeconfig of an authorization webhook';
  const post = await openReviewer({ path, what, version, timeoutMs }, web);
  const options = {
    allowedTtlMs: webhook.remembersAllowed ? webhook.allowedTtlMs : 0,
    deniedTtlMs: webhook.remembersDenied ? webhook.deniedTtlMs : 0,
    onError,
    conditions,
  };
  return new WebhookAuthorizer(post, options, clock, metrics.webhook(name));
}

async function openAbac(flags: ParsedFlags): Promise<Authorizer> {
  const path = flags.text('authorization-policy-file');
  if (path === '')
    throw new UsageError("authorization-mode ABAC's authorization policy file not passed");
  try {
    return abacAuthorizer(parseAbacPolicies(await readTextFile(path)));
  } catch (error) {
    if (!(error instanceof AbacError)) throw error;
    throw new UsageError(`--authorization-policy-file ${path}: ${error.message}`, { cause: error });
  }
}
