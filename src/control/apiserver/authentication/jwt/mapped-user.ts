import type { Program } from '../../../cel/program.js';
import { type CelMap, type CelValue, isList } from '../../../cel/values.js';
import type { UserInfo } from '../../contracts.js';
import { TokenError } from '../token-authenticator.js';
import { credentialIdKey, userInfo } from '../user-info.js';
import { claimsValue, runJwtExpression, userValue } from './jwt-expressions.js';
import type { ExpressionRule, JwtSettings } from './jwt-settings.js';

type Claims = Readonly<Record<string, unknown>>;

/** The user that the claims of a verified token tell, provided that all rules hold. Throws TokenError. */
export function mappedUser(claims: Claims, settings: JwtSettings): UserInfo {
  const token = new ClaimReader(claims);
  const user = userInfo({
    name: token.username(settings),
    groups: token.groups(settings),
    uid: token.uid(settings),
    extra: token.extra(settings),
  });
  for (const rule of settings.claimRules) {
    if (rule.kind === 'claim') checkRequired(claims, rule);
    else checkRule(rule, 'claims', token.value, 'claim validation expression');
  }
  if (settings.userRules.length > 0) {
    const value = userValue(user);
    for (const rule of settings.userRules)
      checkRule(rule, 'user', value, 'user info validation rule');
  }
  return user;
}

class ClaimReader {
  readonly #claims: Claims;
  #value: CelMap | null = null;

  constructor(claims: Claims) {
    this.#claims = claims;
  }

  /** Made when an expression first needs it. */
  get value(): CelMap {
    this.#value ??= claimsValue(this.#claims);
    return this.#value;
  }

  username({ username }: JwtSettings): string {
    const name =
      username.kind === 'expression'
        ? this.#text(username.program, 'username')
        : this.#usernameClaim(username.kind === 'claim' ? username.claim : '');
    if (username.kind === 'claim') return username.prefix + name;
    if (name === '') throw new TokenError('oidc: empty username via CEL expression is not allowed');
    return name;
  }

  #usernameClaim(claim: string): string {
    const name = this.#claims[claim];
    const context = `oidc: parse username claims ${JSON.stringify(claim)}`;
    if (name === undefined) throw new TokenError(`${context}: claim not present`);
    if (typeof name !== 'string') throw new TokenError(`${context}: it is no text`);
    if (claim !== 'email' || !('email_verified' in this.#claims)) return name;
    if (this.#claims.email_verified !== true) throw new TokenError('oidc: email not verified');
    return name;
  }

  groups({ groups }: JwtSettings): readonly string[] {
    if (groups.kind === 'none') return [];
    if (groups.kind === 'expression')
      return this.#texts(groups.program, 'group claim expression', '');
    const claim = this.#claims[groups.claim];
    if (claim === undefined) return [];
    const list = typeof claim === 'string' ? [claim] : claim;
    if (Array.isArray(list) && list.every((group) => typeof group === 'string'))
      return list.map((group) => groups.prefix + group);
    throw new TokenError(
      `oidc: parse groups claim ${JSON.stringify(groups.claim)}: not a string or a list of strings`,
    );
  }

  uid({ uid }: JwtSettings): string {
    if (uid.kind === 'none') return '';
    if (uid.kind === 'expression') return this.#text(uid.program, 'uid');
    const value = this.#claims[uid.claim];
    const context = `oidc: parse uid claim ${JSON.stringify(uid.claim)}`;
    if (value === undefined) throw new TokenError(`${context}: claim not present`);
    if (typeof value !== 'string') throw new TokenError(`${context}: it is no text`);
    return value;
  }

  extra({ extra }: JwtSettings): Record<string, readonly string[]> {
    const values: Record<string, readonly string[]> = {};
    const { jti } = this.#claims;
    if (typeof jti === 'string' && jti !== '') values[credentialIdKey] = [`JTI=${jti}`];
    for (const { key, program } of extra) {
      const texts = this.#texts(program, 'extra claim expression', `${program.text}: `);
      if (texts.length > 0) values[key] = texts;
    }
    return values;
  }

  #text(program: Program, what: string): string {
    const context = `${what} claim expression`;
    const value = runJwtExpression(program, 'claims', this.value, context);
    if (typeof value === 'string') return value;
    throw new TokenError(
      `oidc: error evaluating ${context}: ${what} claim expression must return a string`,
    );
  }

  #texts(program: Program, context: string, about: string): readonly string[] {
    const texts = textsOf(runJwtExpression(program, 'claims', this.value, context));
    if (texts !== null) return texts;
    throw new TokenError(
      `oidc: error evaluating ${context}: ${about}expression must return a string or a list of strings`,
    );
  }
}

/** Empty texts count as absent. Null: these are no texts. */
function textsOf(value: CelValue): readonly string[] | null {
  if (value === null) return [];
  const list = typeof value === 'string' ? [value] : value;
  if (!isList(list) || !list.every((each) => typeof each === 'string')) return null;
  return list.filter((each) => each !== '');
}

function checkRequired(
  claims: Claims,
  { claim, requiredValue }: { readonly claim: string; readonly requiredValue: string },
): void {
  const value = claims[claim];
  if (value === undefined)
    throw new TokenError(`oidc: required claim ${claim} not present in ID token`);
  if (value === requiredValue) return;
  throw new TokenError(
    `oidc: required claim ${claim} value does not match. Got = ${String(value)}, want = ${requiredValue}`,
  );
}

function checkRule(
  { program, message }: ExpressionRule,
  subject: 'claims' | 'user',
  value: CelMap,
  context: string,
): void {
  const holds = runJwtExpression(program, subject, value, context);
  if (holds === true) return;
  const why =
    holds === false
      ? `validation expression '${program.text}' failed: ${message}`
      : 'validation expression must return a boolean';
  throw new TokenError(`oidc: error evaluating ${context}: ${why}`);
}
