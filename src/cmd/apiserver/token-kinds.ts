import { BootstrapTokenAuthenticator } from '../../control/apiserver/authentication/bootstrap-token.js';
import { ServiceAccountTokenAuthenticator } from '../../control/apiserver/authentication/service-account/token-authenticator.js';
import {
  ForApiAudiences,
  type TokenAuthenticator,
  TokenUnion,
} from '../../control/apiserver/authentication/token-authenticator.js';
import { TokenCache } from '../../control/apiserver/authentication/token-cache.js';
import type { TokenCacheMetrics } from '../../control/apiserver/authentication/token-cache-metrics.js';
import {
  parseTokenFile,
  TokenFileAuthenticator,
} from '../../control/apiserver/authentication/token-file.js';
import { WebhookTokenAuthenticator } from '../../control/apiserver/authentication/webhook-token.js';
import { noteTokenUses } from '../../control/apiserver/server/legacy-token-tracking.js';
import { readTextFile } from '../../host/text-file.js';
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
export async function openTokens(
  inputs: SecurityInputs,
  issuers: TokenAuthenticator,
  metrics: TokenCacheMetrics,
): Promise<TokenAuthenticator> {
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
  addForServer(issuers);
  const webhook = await openTokenWebhook(inputs);
  if (webhook !== null) kinds.push(webhook);
  return new TokenCache(new TokenUnion(kinds), clock, { metrics });
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
