import type { UserInfo } from '../contracts.js';

/** What a token proves. */
export interface TokenIdentity {
  readonly user: UserInfo;
  /** Those of the asked audiences that the token is for. */
  readonly audiences: readonly string[];
}

/** A token that is of a known kind and does not hold. The text reaches clients only through TokenReview. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** Knows one kind of bearer token. */
export interface TokenAuthenticator {
  /**
   * Who the token speaks for, provided that it is meant for one of `audiences` (empty: for anybody). Null: not a token of this
   * kind. Rejects with {@link TokenError} when it is one and does not hold.
   */
  authenticateToken(token: string, audiences: readonly string[]): Promise<TokenIdentity | null>;
}

/** The text of several failures, as Kubernetes joins them: one alone, more in brackets, each text once. */
export function aggregateText(errors: readonly Error[]): string {
  const texts = [...new Set(errors.map((error) => error.message))];
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
}

/** Asks each kind in turn. What fails in one does not keep another from knowing the token. */
export class TokenUnion implements TokenAuthenticator {
  readonly #kinds: readonly TokenAuthenticator[];

  constructor(kinds: readonly TokenAuthenticator[]) {
    this.#kinds = kinds;
  }

  async authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<TokenIdentity | null> {
    const errors: TokenError[] = [];
    for (const kind of this.#kinds) {
      try {
        const identity = await kind.authenticateToken(token, audiences);
        if (identity !== null) return identity;
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new TokenError(aggregateText(errors), { cause: errors[0] });
    return null;
  }
}

/** Makes tokens that carry no audience count for the audiences of this API server, and for no other. */
export class ForApiAudiences implements TokenAuthenticator {
  readonly #inner: TokenAuthenticator;
  readonly #apiAudiences: readonly string[];

  constructor(inner: TokenAuthenticator, apiAudiences: readonly string[]) {
    this.#inner = inner;
    this.#apiAudiences = apiAudiences;
  }

  async authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<TokenIdentity | null> {
    const shared = audiences.filter((audience) => this.#apiAudiences.includes(audience));
    if (audiences.length > 0 && shared.length === 0) return null;
    const identity = await this.#inner.authenticateToken(token, shared);
    return identity === null ? null : { user: identity.user, audiences: shared };
  }
}
