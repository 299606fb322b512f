import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { BearerTokenAuthenticator } from '../../control/apiserver/authentication/bearer-token.js';
import { BootstrapTokenAuthenticator } from '../../control/apiserver/authentication/bootstrap-token.js';
import { ClientCertificateAuthenticator } from '../../control/apiserver/authentication/client-certificate.js';
import {
  healthOnly,
  RequestAuthentication,
} from '../../control/apiserver/authentication/request-authentication.js';
import { RequestHeaderAuthenticator } from '../../control/apiserver/authentication/request-header.js';
import { ServiceAccountTokenAuthenticator } from '../../control/apiserver/authentication/service-account/token-authenticator.js';
import {
  ForApiAudiences,
  type TokenAuthenticator,
  TokenUnion,
} from '../../control/apiserver/authentication/token-authenticator.js';
import { TokenCache } from '../../control/apiserver/authentication/token-cache.js';
import {
  parseTokenFile,
  TokenFileAuthenticator,
} from '../../control/apiserver/authentication/token-file.js';
import {
  authorizerOf,
  ModeError,
  parseModes,
} from '../../control/apiserver/authorization/modes.js';
import { NodeAuthorizer } from '../../control/apiserver/authorization/node/node-authorizer.js';
import type { NodeGraph } from '../../control/apiserver/authorization/node/node-graph.js';
import { RbacAuthorizer } from '../../control/apiserver/authorization/rbac/rbac-authorizer.js';
import type { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import {
  type Certificate,
  parseCertificate,
} from '../../control/apiserver/certificates/certificate.js';
import type { Authenticator, Authorizer, ObjectReader } from '../../control/apiserver/contracts.js';
import { readTextFile } from '../../host/text-file.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';
import type { ServiceAccountKeys } from './service-account-keys.js';

/** What authentication and authorization are made with. */
export interface SecurityInputs {
  readonly flags: ParsedFlags;
  readonly objects: ObjectReader;
  readonly policy: RbacPolicy;
  /** Which objects the pods of each node need. */
  readonly nodes: NodeGraph;
  readonly keys: ServiceAccountKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A further token and its user: the administrator of a test environment. */
  readonly extraTokens?: TokenAuthenticator;
}

/** The authenticators that the flags ask for, in Kubernetes' order. */
export async function openAuthentication(inputs: SecurityInputs): Promise<RequestAuthentication> {
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
  const tokens = await openTokens(inputs);
  authenticators.push(new BearerTokenAuthenticator(tokens, apiAudiences(inputs)));
  const anonymous = flags.isTrue('anonymous-auth') ? { mode: 'on' as const } : healthOnly;
  return new RequestAuthentication(authenticators, anonymous, logger);
}

/** The audiences that tokens for this server name. */
export function apiAudiences({
  flags,
  keys,
}: Pick<SecurityInputs, 'flags' | 'keys'>): readonly string[] {
  const given = flags.list('api-audiences');
  return given.length > 0 ? given : keys.issuers.slice(0, 1);
}

/** The kinds of bearer tokens, behind one cache. */
export async function openTokens(inputs: SecurityInputs): Promise<TokenAuthenticator> {
  const { flags, clock, objects, keys } = inputs;
  const audiences = apiAudiences(inputs);
  const kinds: TokenAuthenticator[] = [];
  if (inputs.extraTokens !== undefined)
    kinds.push(new ForApiAudiences(inputs.extraTokens, audiences));
  const path = flags.text('token-auth-file');
  if (path !== '') {
    const table = parseTokenFile(await readTextFile(path), path);
    kinds.push(new ForApiAudiences(new TokenFileAuthenticator(table), audiences));
  }
  kinds.push(
    new ServiceAccountTokenAuthenticator({
      issuers: keys.issuers,
      keys: keys.verification,
      apiAudiences: audiences,
      objects,
      clock,
      looksUp: flags.isTrue('service-account-lookup'),
    }),
  );
  if (flags.isTrue('enable-bootstrap-token-auth')) {
    kinds.push(new ForApiAudiences(new BootstrapTokenAuthenticator(objects, clock), audiences));
  }
  return new TokenCache(new TokenUnion(kinds), clock);
}

/** The authorizers of `--authorization-mode`, in order. Throws UsageError for a mode that there is not. */
export function openAuthorization({ flags, policy, nodes }: SecurityInputs): Authorizer {
  const notServed = (mode: string) => (): Authorizer => {
    throw new UsageError(
      `--authorization-mode: ${mode} is not served; give Node, RBAC or AlwaysAllow`,
    );
  };
  try {
    return authorizerOf(
      parseModes(flags.list('authorization-mode')),
      {
        Node: () => new NodeAuthorizer(nodes),
        ABAC: notServed('ABAC'),
        Webhook: notServed('Webhook'),
        RBAC: () => new RbacAuthorizer(policy),
      },
      flags.list('authorization-always-allow-paths'),
    );
  } catch (error) {
    if (error instanceof ModeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
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
