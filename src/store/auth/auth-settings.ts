import type { AuthInfo } from './auth-info.js';

/** How a member tells users apart: etcd's --auth-token, --bcrypt-cost and --client-cert-auth. All members have the same. */
export interface AuthSettings {
  readonly passwords: PasswordHasher;
  readonly tokens: TokenScheme;
  /** A client that shows no token is who the common name of its certificate says: every certificate has been verified. */
  readonly trustsCertificates: boolean;
}

/** Hashes passwords, and compares them with hashes, somewhere else than in the loop that serves clients. */
export interface PasswordHasher {
  /** Rejects with StoreError: `password-too-long`, or `too-many-requests` when too many wait. */
  hash(password: string): Promise<Uint8Array>;
  /** False also for a hash that is none. Rejects with StoreError `too-many-requests`. */
  matches(password: string, hash: Uint8Array): Promise<boolean>;
}

/** What users that have logged in are given. */
export type TokenScheme =
  /** A random name that all members remember; it begins with what `newPrefix` makes. */
  | { readonly kind: 'simple'; newPrefix(): string }
  /** A statement that every member can verify by itself. */
  | { readonly kind: 'signed'; readonly signer: TokenSigner }
  /** Nothing: nobody can log in, and certificates are the only way. */
  | { readonly kind: 'none' };

/** Makes and verifies signed tokens. */
export interface TokenSigner {
  /** Rejects with StoreError `token-verify-only`. */
  sign(info: AuthInfo): Promise<string>;
  /** What a token says that has been verified before, and still holds. */
  recall(token: string): AuthInfo | undefined;
  /** Rejects with StoreError `invalid-auth-token`. */
  verify(token: string): Promise<AuthInfo>;
}
