import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { BearerTokenAuthenticator } from '../../control/apiserver/authentication/bearer-token.js';
import { ClientCertificateAuthenticator } from '../../control/apiserver/authentication/client-certificate.js';
import {
  type AnonymousPolicy,
  healthOnly,
  RequestAuthentication,
} from '../../control/apiserver/authentication/request-authentication.js';
import { RequestHeaderAuthenticator } from '../../control/apiserver/authentication/request-header.js';
import type { TokenAuthenticator } from '../../control/apiserver/authentication/token-authenticator.js';
import {
  type Certificate,
  parseCertificate,
} from '../../control/apiserver/certificates/certificate.js';
import type { Authenticator, ObjectReader } from '../../control/apiserver/contracts.js';
import type { ServerWrites } from '../../control/apiserver/registry/server-writes.js';
import type { AuthenticationInfo } from '../../control/apiserver/server/authentication-info.js';
import { readTextFile } from '../../host/text-file.js';
import type { WebClient } from '../../rpc/web-client.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';
import type { ServiceAccountKeys } from './service-account-keys.js';
import { apiAudiences } from './token-kinds.js';

/** What authentication and authorization are both made with. */
export interface GateInputs {
  readonly flags: ParsedFlags;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asks issuers and webhooks. */
  readonly web: WebClient;
}

/** What authentication is made with. */
export interface SecurityInputs extends GateInputs {
  readonly objects: ObjectReader;
  readonly writes: ServerWrites;
  readonly keys: ServiceAccountKeys;
  /** A further token and its user: the administrator of a test environment. */
  readonly extraTokens?: TokenAuthenticator;
}

/** The authenticators that the flags ask for, in Kubernetes' order. */
export async function openAuthentication(
  inputs: SecurityInputs,
  tokens: TokenAuthenticator,
  {
    anonymous,
    onCertificate,
  }: {
    /** Null: the flags say it. */
    readonly anonymous: AnonymousPolicy | null;
    /** Is told of each request with a good certificate, and for how long that still holds. */
    readonly onCertificate: (secondsLeft: number) => void;
  },
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
  if (clientCa.length > 0)
    authenticators.push(new ClientCertificateAuthenticator(clientCa, clock, onCertificate));
  authenticators.push(new BearerTokenAuthenticator(tokens, apiAudiences(inputs)));
  const flagged = flags.isTrue('anonymous-auth') ? { mode: 'on' as const } : healthOnly;
  return new RequestAuthentication(authenticators, anonymous ?? flagged, logger);
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
