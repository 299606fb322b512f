import { parseAuthenticationConfig } from '../../control/apiserver/authentication/authentication-config.js';
import { CurrentIssuers } from '../../control/apiserver/authentication/jwt/current-issuers.js';
import { JwtAuthenticator } from '../../control/apiserver/authentication/jwt/jwt-authenticator.js';
import {
  type JwtSettings,
  signingAlgorithms,
} from '../../control/apiserver/authentication/jwt/jwt-settings.js';
import { jwtSettingsOfOidc } from '../../control/apiserver/authentication/oidc.js';
import type { AnonymousPolicy } from '../../control/apiserver/authentication/request-authentication.js';
import { webIssuerReader } from '../../control/apiserver/authentication/web-issuer-reader.js';
import { ConfigError } from '../../control/apiserver/configuration/config-object.js';
import { readTextFile } from '../../host/text-file.js';
import { UsageError } from '../usage-error.js';
import { type FollowedFile, followFile } from './followed-file.js';
import type { ParsedFlags } from './parse.js';
import type { SecurityInputs } from './security.js';

/** The issuers of OpenID Connect whose users are let in. */
export interface OpenedIssuers {
  readonly issuers: CurrentIssuers;
  /** What the configuration file says of requests without credentials; null when the flags say it. */
  readonly anonymous: AnonymousPolicy | null;
  /** Null: the flags name the issuer, and stay as they are. */
  readonly followed: FollowedFile | null;
}

/** The issuers of `--authentication-config` or of the `--oidc-*` flags. Throws UsageError for what cannot be used. */
export async function openIssuers(
  inputs: Pick<SecurityInputs, 'flags' | 'keys' | 'clock' | 'logger' | 'web'>,
): Promise<OpenedIssuers> {
  const { flags, keys, clock, logger, web } = inputs;
  const issuers = new CurrentIssuers(clock);
  const take = (all: readonly JwtSettings[]) =>
    issuers.replace(
      all.map((settings) => ({
        url: settings.issuerUrl,
        authenticator: new JwtAuthenticator(settings, webIssuerReader(web, settings.caPem), clock),
      })),
    );
  const path = flags.text('authentication-config');
  if (path === '') {
    take(await settingsOfFlags(flags));
    return { issuers, anonymous: null, followed: null };
  }
  if ([...flags.given].some((name) => name.startsWith('oidc-')))
    throw new UsageError('authentication-config file and oidc-* flags are mutually exclusive');
  const text = await readTextFile(path);
  const { jwt, anonymous } = parse(text, path, keys.issuers);
  if (anonymous !== null && flags.given.has('anonymous-auth'))
    throw new UsageError(
      '--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    );
  take(jwt);
  const apply = async (changed: string) => {
    const next = parseAuthenticationConfig(changed, keys.issuers);
    if (JSON.stringify(next.anonymous) !== JSON.stringify(anonymous))
      throw new ConfigError('anonymous: it can be changed only at a start');
    take(next.jwt);
  };
  const followed = followFile({ config: 'authentication', path, text, apply, clock, logger });
  return { issuers, anonymous, followed };
}

function parse(text: string, path: string, ownIssuers: readonly string[]) {
  try {
    return parseAuthenticationConfig(text, ownIssuers);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`--authentication-config ${path}: ${error.message}`, { cause: error });
  }
}

async function settingsOfFlags(flags: ParsedFlags): Promise<readonly JwtSettings[]> {
  const issuerUrl = flags.text('oidc-issuer-url');
  const clientId = flags.text('oidc-client-id');
  if (issuerUrl === '' && clientId === '') return [];
  if (issuerUrl === '' || clientId === '')
    throw new UsageError('--oidc-issuer-url and --oidc-client-id go together: give both or none');
  if (!URL.canParse(issuerUrl) || !issuerUrl.startsWith('https://'))
    throw new UsageError(`--oidc-issuer-url: ${JSON.stringify(issuerUrl)} is no https URL`);
  const caFile = flags.text('oidc-ca-file');
  const prefix = flags.text('oidc-username-prefix');
  return [
    jwtSettingsOfOidc({
      issuerUrl,
      clientId,
      caPem: caFile === '' ? '' : await readTextFile(caFile),
      usernameClaim: flags.text('oidc-username-claim'),
      usernamePrefix: prefix === '' ? undefined : prefix,
      groupsClaim: flags.text('oidc-groups-claim'),
      groupsPrefix: flags.text('oidc-groups-prefix'),
      signingAlgorithms: algorithmsOf(flags),
      requiredClaims: requiredClaims(flags),
    }),
  ];
}

function algorithmsOf(flags: ParsedFlags): readonly string[] {
  const names = flags.list('oidc-signing-algs');
  const unknown = names.find((name) => !signingAlgorithms.includes(name));
  if (unknown === undefined) return names;
  throw new UsageError(
    `--oidc-signing-algs: ${JSON.stringify(unknown)} is none of ${signingAlgorithms.join(', ')}`,
  );
}

function requiredClaims(flags: ParsedFlags): Record<string, string> {
  const claims: Record<string, string> = {};
  for (const entry of flags.list('oidc-required-claim')) {
    const at = entry.indexOf('=');
    if (at <= 0)
      throw new UsageError(`--oidc-required-claim: ${JSON.stringify(entry)} is not key=value`);
    claims[entry.slice(0, at)] = entry.slice(at + 1);
  }
  return claims;
}
