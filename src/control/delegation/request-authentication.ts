import type { WebRequest } from '../../rpc/web.js';
import { anonymousUser, type RequestUser } from './request-user.js';

/** Tells whose client certificates are. */
export interface CertificateReader {
  /** Null: they name nobody. Rejects when they prove nothing. `chain` is DER, leaf first, and not empty. */
  userOf(chain: readonly Uint8Array[]): Promise<RequestUser | null>;
}

/** Tells whose bearer tokens are. */
export interface TokenReader {
  /** Null: it is nobody's. Rejects when that cannot be found out. */
  userOf(token: string): Promise<RequestUser | null>;
}

/** What proves who somebody is. */
export interface RequestAuthenticationOptions {
  /** Null: certificates prove nothing. */
  readonly certificates: CertificateReader | null;
  /** Null: tokens prove nothing. */
  readonly tokens: TokenReader | null;
  /** Whoever brings nothing is `system:anonymous`. */
  readonly isAnonymousAllowed: boolean;
}

/**
 * Who asks, or why that is not known. A certificate or a token that is no good is a refusal, also where those without any may come in: who
 * shows something means to be somebody.
 */
export async function authenticateRequest(
  { headers, peerCertificates }: WebRequest,
  { certificates, tokens, isAnonymousAllowed }: RequestAuthenticationOptions,
): Promise<{ readonly user: RequestUser } | { readonly refusal: string }> {
  try {
    if (certificates !== null && peerCertificates.length > 0) {
      const user = await certificates.userOf(peerCertificates);
      if (user !== null) return { user: authenticated(user) };
    }
    const token = bearerToken(headers.get('authorization') ?? '');
    if (tokens !== null && token !== null) {
      const user = await tokens.userOf(token);
      return user === null ? { refusal: 'invalid bearer token' } : { user: authenticated(user) };
    }
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
  return isAnonymousAllowed ? { user: anonymousUser } : { refusal: 'no credentials' };
}

/** The token of an Authorization header (RFC 6750 section 2.1), or null. */
function bearerToken(header: string): string | null {
  const token = /^bearer +(\S+) *$/i.exec(header)?.[1];
  return token ?? null;
}

function authenticated(user: RequestUser): RequestUser {
  const group = 'system:authenticated';
  return user.groups.includes(group) ? user : { ...user, groups: [...user.groups, group] };
}
