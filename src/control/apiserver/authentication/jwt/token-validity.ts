import { audiencesOf } from '../../../api/service-account/claims.js';
import { TokenError } from '../token-authenticator.js';

/** Providers stamp a little ahead at times: the verifier that Kubernetes uses allows as much. */
const notBeforeLeewayMs = 300_000;

type Claims = Readonly<Record<string, unknown>>;

/** Throws TokenError unless a token holds now, and is for one of the audiences at least; `context` is what its text begins with. */
export function checkValidity(
  claims: Claims,
  {
    audiences,
    nowMs,
    context,
  }: { readonly audiences: readonly string[]; readonly nowMs: number; readonly context: string },
): void {
  const { exp, nbf } = claims;
  if (typeof exp !== 'number' || nowMs > exp * 1000)
    throw new TokenError(`${context}: oidc: token is expired`);
  if (typeof nbf === 'number' && nowMs + notBeforeLeewayMs < nbf * 1000)
    throw new TokenError(`${context}: current time before the nbf (not before) time`);
  const own = audiencesOf(claims);
  if (audiences.some((audience) => own.includes(audience))) return;
  const [only = ''] = audiences;
  const wanted =
    audiences.length === 1 ? JSON.stringify(only) : `in ${listed([...audiences].sort())}`;
  throw new TokenError(`${context}: oidc: expected audience ${wanted} got ${listed(own)}`);
}

function listed(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
}
