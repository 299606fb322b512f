import { compactVerify } from 'jose';
import type { Clock } from '../../../../base/clock.js';
import {
  audiencesOf,
  legacyIssuer,
  peekClaims,
  readBoundClaims,
  type TokenClaims,
} from '../../../api/service-account/claims.js';
import type { VerificationKey } from '../../../api/service-account/signing-key.js';
import type { KubeObject } from '../../../machinery/object.js';
import { parseTime } from '../../../machinery/time.js';
import type { ObjectReader, UserInfo } from '../../contracts.js';
import { type TokenAuthenticator, TokenError, type TokenIdentity } from '../token-authenticator.js';
import {
  credentialIdKey,
  serviceAccountGroups,
  serviceAccountUsername,
  userInfo,
} from '../user-info.js';
import { LegacyTokenValidator, type NoteTokenUse } from './legacy-token.js';

/** Clocks of issuer and verifier may differ by this much, and what is being deleted is honoured for as long. */
const leewayMs = 60_000;

/** What the authenticator of service account tokens needs. */
export interface ServiceAccountTokenOptions {
  /** The first issues; all are accepted. */
  readonly issuers: readonly string[];
  readonly keys: readonly VerificationKey[];
  /** Audiences of this API server. */
  readonly apiAudiences: readonly string[];
  readonly objects: ObjectReader;
  readonly clock: Clock;
  /** Whether tokens in secrets are compared with the secret (--service-account-lookup). */
  readonly looksUp: boolean;
  /** Notes that such a token was used; by default nobody does. */
  readonly noteUse?: NoteTokenUse;
}

/**
 * Knows the tokens of service accounts: signed by one of the keys, for one of the audiences, not expired, and for an account and a
 * bound object (pod, secret or node) that are still the ones that the token was made for.
 */
export class ServiceAccountTokenAuthenticator implements TokenAuthenticator {
  readonly #options: ServiceAccountTokenOptions;
  readonly #legacy: LegacyTokenValidator;

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options;
    this.#legacy = new LegacyTokenValidator(options);
  }

  async authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<TokenIdentity | null> {
    const peeked = peekClaims(token);
    const issuer = peeked?.iss;
    if (typeof issuer !== 'string') return null;
    if (issuer !== legacyIssuer && !this.#options.issuers.includes(issuer)) return null;
    const claims = await this.#verified(token);
    const { apiAudiences } = this.#options;
    const own = audiencesOf(claims);
    const forAudiences = own.length === 0 && issuer === legacyIssuer ? apiAudiences : own;
    const shared = sharedAudiences(forAudiences, audiences.length > 0 ? audiences : apiAudiences);
    const user =
      issuer === legacyIssuer
        ? await this.#legacy.userOf(token, claims)
        : await this.#boundUser(claims);
    return { user, audiences: shared };
  }

  /** The claims of a token that one of the keys has signed. */
  async #verified(token: string): Promise<Readonly<Record<string, unknown>>> {
    const keyId = keyIdOf(token);
    const named = this.#options.keys.filter((key) => key.id === keyId);
    for (const { key, algorithm } of named.length > 0 ? named : this.#options.keys) {
      try {
        await compactVerify(token, key, { algorithms: [algorithm] });
      } catch {
        continue;
      }
      const claims = peekClaims(token);
      if (claims !== null) return claims;
    }
    throw new TokenError('invalid bearer token signature');
  }

  async #boundUser(claims: Readonly<Record<string, unknown>>): Promise<UserInfo> {
    const nowMs = this.#options.clock.wallTime();
    checkTimes(claims, nowMs);
    const bound = readBoundClaims(claims);
    if (bound === null)
      throw new TokenError(
        'service account token claims could not be validated due to unexpected private claim',
      );
    await this.#checkObjects(bound, nowMs);
    const jti = claims.jti;
    const { namespace, serviceaccount, pod, node } = bound;
    const extra: Record<string, readonly string[]> = {
      ...(typeof jti === 'string' && jti !== '' && { [credentialIdKey]: [`JTI=${jti}`] }),
      ...(pod && {
        'authentication.kubernetes.io/pod-name': [pod.name],
        'authentication.kubernetes.io/pod-uid': [pod.uid],
      }),
      ...(node && { 'authentication.kubernetes.io/node-name': [node.name] }),
      ...(node && node.uid !== '' && { 'authentication.kubernetes.io/node-uid': [node.uid] }),
    };
    return userInfo({
      name: serviceAccountUsername(namespace, serviceaccount.name),
      uid: serviceaccount.uid,
      groups: serviceAccountGroups(namespace),
      extra,
    });
  }

  async #checkObjects(bound: TokenClaims['kubernetes.io'], nowMs: number): Promise<void> {
    const { namespace, serviceaccount, pod, secret, node } = bound;
    const account = await this.#read('serviceaccounts', namespace, serviceaccount.name);
    if (account === undefined)
      throw new TokenError(`serviceaccounts "${serviceaccount.name}" not found`);
    if (isLongDeleted(account, nowMs))
      throw new TokenError(`service account ${namespace}/${serviceaccount.name} has been deleted`);
    const accountUid = account.metadata.uid ?? '';
    if (accountUid !== serviceaccount.uid) {
      throw new TokenError(
        `service account UID (${accountUid}) does not match claim (${serviceaccount.uid})`,
      );
    }
    if (secret !== undefined) await this.#checkBound('secret', namespace, secret, nowMs);
    if (pod !== undefined) await this.#checkBound('pod', namespace, pod, nowMs);
    else if (node !== undefined) await this.#checkBound('node', '', node, nowMs);
  }

  async #checkBound(
    kind: 'pod' | 'secret' | 'node',
    namespace: string,
    claim: { readonly name: string; readonly uid: string },
    nowMs: number,
  ): Promise<void> {
    const object = await this.#read(`${kind}s`, namespace, claim.name);
    if (object === undefined || isLongDeleted(object, nowMs))
      throw new TokenError('service account token has been invalidated');
    const uid = object.metadata.uid ?? '';
    if (uid !== claim.uid) {
      throw new TokenError(
        `${kind} UID (${uid}) does not match service account ${kind} ref claim (${claim.uid})`,
      );
    }
  }

  #read(resource: string, namespace: string, name: string): Promise<KubeObject | undefined> {
    return this.#options.objects.get({ group: '', resource }, namespace, name);
  }
}

function checkTimes(claims: Readonly<Record<string, unknown>>, nowMs: number): void {
  const { exp, nbf, iat } = claims;
  if (typeof exp !== 'number' || nowMs - leewayMs > exp * 1000)
    throw new TokenError('service account token has expired');
  if (typeof nbf === 'number' && nowMs + leewayMs < nbf * 1000)
    throw new TokenError('service account token is not valid yet');
  if (typeof iat === 'number' && nowMs + leewayMs < iat * 1000)
    throw new TokenError('service account token is issued in the future');
}

function isLongDeleted({ metadata }: KubeObject, nowMs: number): boolean {
  const { deletionTimestamp } = metadata;
  if (deletionTimestamp === undefined) return false;
  const deletedMs = parseTime(deletionTimestamp);
  return deletedMs === undefined || deletedMs === null || deletedMs < nowMs - leewayMs;
}

function sharedAudiences(of: readonly string[], wanted: readonly string[]): readonly string[] {
  const shared = wanted.filter((audience) => of.includes(audience));
  if (shared.length === 0 && wanted.length > 0) {
    const quoted = (list: readonly string[]) => `[${list.map((a) => JSON.stringify(a)).join(' ')}]`;
    throw new TokenError(
      `token audiences ${quoted(of)} is invalid for the target audiences ${quoted(wanted)}`,
    );
  }
  return shared;
}

function keyIdOf(token: string): string | null {
  try {
    const header: unknown = JSON.parse(
      Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8'),
    );
    const kid = (header as { kid?: unknown } | null)?.kid;
    return typeof kid === 'string' ? kid : null;
  } catch {
    return null;
  }
}
