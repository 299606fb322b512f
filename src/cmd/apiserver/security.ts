import { defined } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { BearerTokenAuthenticator } from '../../control/apiserver/authentication/bearer-token.js';
import { ClientCertificateAuthenticator } from '../../control/apiserver/authentication/client-certificate.js';
import {
  healthOnly,
  RequestAuthentication,
} from '../../control/apiserver/authentication/request-authentication.js';
import { RequestHeaderAuthenticator } from '../../control/apiserver/authentication/request-header.js';
import type { TokenAuthenticator } from '../../control/apiserver/authentication/token-authenticator.js';
import {
  AbacError,
  abacAuthorizer,
  parseAbacPolicies,
} from '../../control/apiserver/authorization/abac.js';
import {
  authorizerOf,
  ModeError,
  parseModes,
} from '../../control/apiserver/authorization/modes.js';
import { NodeAuthorizer } from '../../control/apiserver/authorization/node/node-authorizer.js';
import type { NodeGraph } from '../../control/apiserver/authorization/node/node-graph.js';
import { RbacAuthorizer } from '../../control/apiserver/authorization/rbac/rbac-authorizer.js';
import type { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import { WebhookAuthorizer } from '../../control/apiserver/authorization/webhook-authorizer.js';
import {
  type Certificate,
  parseCertificate,
} from '../../control/apiserver/certificates/certificate.js';
import type { Authenticator, Authorizer, ObjectReader } from '../../control/apiserver/contracts.js';
import type { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import type { AuthenticationInfo } from '../../control/apiserver/server/authentication-info.js';
import { readTextFile } from '../../host/text-file.js';
import type { WebClient } from '../../rpc/web-client.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';
import type { ServiceAccountKeys } from './service-account-keys.js';
import { apiAudiences } from './token-kinds.js';
import { reviewerOf } from './webhook-reviewer.js';

/** What authentication and authorization are made with. */
export interface SecurityInputs {
  readonly flags: ParsedFlags;
  readonly objects: ObjectReader;
  readonly writes: ServerWrites;
  readonly policy: RbacPolicy;
  /** Which objects the pods of each node need. */
  readonly nodes: NodeGraph;
  readonly keys: ServiceAccountKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asks issuers and webhooks. */
  readonly web: WebClient;
  /** A further token and its user: the administrator of a test environment. */
  readonly extraTokens?: TokenAuthenticator;
}

/** The authenticators that the flags ask for, in Kubernetes' order. */
export async function openAuthentication(
  inputs: SecurityInputs,
  tokens: TokenAuthenticator,
): Promise<RequestAuthentication> {
  const { flags, clock, logger } = inputs;
  const authenticators: Authenticator[] = [];
  const proxyCa = await certificatesIn(flags.text('requestheader-client-ca-file'));
  if (proxyCa.length > 0) {
    const options = {
      authorities: proxyCa,
      allowedNames: flags.list('requestheader-allowed-names'),
      usernameHeaders: headerNames(flags, 'requestheader-username-headers'),
      uidHeaders: headerNames(flags, 'requestheader-uid-headers'),
      groupHeaders: headerNames(flags, 'requestheader-group-headers'),
      extraHeaderPrefixes: headerNames(flags, 'requestheader-extra-headers-prefix'),
    };
    authenticators.push(new RequestHeaderAuthenticator(options, clock));
  }
  const clientCa = await certificatesIn(flags.text('client-ca-file'));
  if (clientCa.length > 0) authenticators.push(new ClientCertificateAuthenticator(clientCa, clock));
  authenticators.push(new BearerTokenAuthenticator(tokens, apiAudiences(inputs)));
  const anonymous = flags.isTrue('anonymous-auth') ? { mode: 'on' as const } : healthOnly;
  return new RequestAuthentication(authenticators, anonymous, logger);
}

/** The authorizers of `--authorization-mode`, in order. Throws UsageError for a mode that there is not, or that lacks its file. */
export async function openAuthorization(inputs: SecurityInputs): Promise<Authorizer> {
  const { flags, policy, nodes } = inputs;
  const names = flags.list('authorization-mode');
  const abac = names.includes('ABAC') ? await openAbac(flags) : null;
  const webhook = names.includes('Webhook') ? await openAuthorizationWebhook(inputs) : null;
  try {
    return authorizerOf(
      parseModes(names),
      {
        Node: () => new NodeAuthorizer(nodes),
        ABAC: () => defined(abac),
        Webhook: () => defined(webhook),
        RBAC: () => new RbacAuthorizer(policy),
      },
      flags.list('authorization-always-allow-paths'),
    );
  } catch (error) {
    if (error instanceof ModeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
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

async function openAuthorizationWebhook({
  flags,
  clock,
  web,
}: SecurityInputs): Promise<Authorizer> {
  const post = await reviewerOf(flags, 'authorization-webhook', web);
  if (post === null)
    throw new UsageError("authorization-mode Webhook's authorization config file not passed");
  const options = {
    allowedTtlMs: flags.durationMs('authorization-webhook-cache-authorized-ttl'),
    deniedTtlMs: flags.durationMs('authorization-webhook-cache-unauthorized-ttl'),
    onError: 'none',
  } as const;
  return new WebhookAuthorizer(post, options, clock);
}

/** What the flags say of how users are known, as aggregated servers may know it too. */
export async function authenticationInfo(flags: ParsedFlags): Promise<AuthenticationInfo> {
  const pemOf = async (name: string) => {
    const path = flags.text(name);
    return path === '' ? '' : readTextFile(path);
  };
  return {
    clientCaPem: await pemOf('client-ca-file'),
    proxyCaPem: await pemOf('requestheader-client-ca-file'),
    allowedNames: flags.list('requestheader-allowed-names'),
    usernameHeaders: flags.list('requestheader-username-headers'),
    uidHeaders: flags.list('requestheader-uid-headers'),
    groupHeaders: flags.list('requestheader-group-headers'),
    extraHeaderPrefixes: flags.list('requestheader-extra-headers-prefix'),
  };
}

function headerNames(flags: ParsedFlags, name: string): readonly string[] {
  return flags.list(name).map((header) => header.toLowerCase());
}

/** The certificates of a PEM file; none without a path. Throws UsageError when it has none. */
export async function certificatesIn(path: string): Promise<readonly Certificate[]> {
  if (path === '') return [];
  const text = await readTextFile(path);
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new UsageError(`${path} has no certificate in PEM`);
  return blocks.map((block) => {
    const base64 = block.replace(/-----[^-]+-----|\s/g, '');
    return parseCertificate(Buffer.from(base64, 'base64'));
  });
}
