import { BootstrapTokenAuthenticator } from '../../control/apiserver/authentication/bootstrap-token.js';
import { OidcAuthenticator } from '../../control/apiserver/authentication/oidc.js';
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
import { webJsonFetcher } from '../../control/apiserver/authentication/web-json.js';
import { WebhookTokenAuthenticator } from '../../control/apiserver/authentication/webhook-token.js';
import { noteTokenUses } from '../../control/apiserver/server/legacy-token-tracking.js';
import { readTextFile } from '../../host/text-file.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';
import type { SecurityInputs } from './security.js';
import { reviewerOf } from './webhook-reviewer.js';

/** The audiences that tokens for this server name. */
export function apiAudiences({
  flags,
  keys,
}: Pick<SecurityInputs, 'flags' | 'keys'>): readonly string[] {
  const given = flags.list('api-audiences');
  return given.length > 0 ? given : keys.issuers.slice(0, 1);
}

/** The kinds of bearer tokens that the flags ask for, in Kubernetes' order, behind one cache. Throws UsageError. */
export async function openTokens(inputs: SecurityInputs): Promise<TokenAuthenticator> {
  const { flags, clock, objects, writes, keys, logger } = inputs;
  const audiences = apiAudiences(inputs);
  const kinds: TokenAuthenticator[] = [];
  const addForServer = (kind: TokenAuthenticator) =>
    kinds.push(new ForApiAudiences(kind, audiences));
  if (inputs.extraTokens !== undefined) addForServer(inputs.extraTokens);
  const path = flags.text('token-auth-file');
  if (path !== '')
    addForServer(new TokenFileAuthenticator(parseTokenFile(await readTextFile(path), path)));
  kinds.push(
    new ServiceAccountTokenAuthenticator({
      issuers: keys.issuers,
      keys: keys.verification,
      apiAudiences: audiences,
      objects,
      clock,
      looksUp: flags.isTrue('service-account-lookup'),
      noteUse: noteTokenUses(writes, { logger }),
    }),
  );
  if (flags.isTrue('enable-bootstrap-token-auth'))
    addForServer(new BootstrapTokenAuthenticator(objects, clock));
  const oidc = await openOidc(inputs);
  if (oidc !== null) addForServer(oidc);
  const webhook = await openTokenWebhook(inputs);
  if (webhook !== null) kinds.push(webhook);
  return new TokenCache(new TokenUnion(kinds), clock);
}

async function openTokenWebhook({
  flags,
  clock,
  web,
}: SecurityInputs): Promise<TokenAuthenticator | null> {
  const review = await reviewerOf(flags, 'authentication-token-webhook', web);
  if (review === null) return null;
  const goodMs = flags.durationMs('authentication-token-webhook-cache-ttl');
  return new TokenCache(new WebhookTokenAuthenticator(review), clock, { goodMs });
}

async function openOidc({ flags, clock, web }: SecurityInputs): Promise<TokenAuthenticator | null> {
  const issuerUrl = flags.text('oidc-issuer-url');
  const clientId = flags.text('oidc-client-id');
  if (issuerUrl === '' && clientId === '') return null;
  if (issuerUrl === '' || clientId === '')
    throw new UsageError('--oidc-issuer-url and --oidc-client-id go together: give both or none');
  if (!URL.canParse(issuerUrl) || !issuerUrl.startsWith('https://'))
    throw new UsageError(`--oidc-issuer-url: ${JSON.stringify(issuerUrl)} is no https URL`);
  const caFile = flags.text('oidc-ca-file');
  const prefix = flags.text('oidc-username-prefix');
  return new OidcAuthenticator(
    {
      issuerUrl,
      clientId,
      usernameClaim: flags.text('oidc-username-claim'),
      usernamePrefix: prefix === '' ? undefined : prefix,
      groupsClaim: flags.text('oidc-groups-claim'),
      groupsPrefix: flags.text('oidc-groups-prefix'),
      signingAlgorithms: signingAlgorithms(flags),
      requiredClaims: requiredClaims(flags),
    },
    webJsonFetcher(web, caFile === '' ? '' : await readTextFile(caFile)),
    clock,
  );
}

const knownAlgorithms: ReadonlySet<string> = new Set(
  'RS256 RS384 RS512 ES256 ES384 ES512 PS256 PS384 PS512'.split(' '),
);

function signingAlgorithms(flags: ParsedFlags): readonly string[] {
  const names = flags.list('oidc-signing-algs');
  const unknown = names.find((name) => !knownAlgorithms.has(name));
  if (unknown === undefined) return names;
  throw new UsageError(
    `--oidc-signing-algs: ${JSON.stringify(unknown)} is none of ${[...knownAlgorithms].join(', ')}`,
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
