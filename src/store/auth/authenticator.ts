import { unreachable } from '../../base/assert.js';
import type { CallContext } from '../../rpc/service.js';
import { StoreError } from '../errors.js';
import type { AccessCheck } from './access.js';
import { type AuthInfo, nobody } from './auth-info.js';
import type { AuthSettings, TokenSigner } from './auth-settings.js';
import type { AuthReads } from './auth-state.js';
import { commonNameOf } from './certificate-name.js';
import type { SimpleTokens } from './simple-tokens.js';

/** What of a call tells who makes it. */
export type CallerTraces = Pick<CallContext, 'metadata' | 'peerCertificates'>;

/** What an {@link Authenticator} works with. */
export interface AuthenticatorOptions {
  readonly users: AuthReads;
  readonly tokens: SimpleTokens;
  readonly access: AccessCheck;
  readonly settings: AuthSettings;
  /** Entries applied here. */
  readonly appliedIndex: () => number;
  /** Resolves once all that was acknowledged before is applied here. */
  readonly readBarrier: () => Promise<void>;
}

/** Names of the metadata that a token comes in: of clients, and of what came by HTTP. */
const tokenFields = ['token', 'authorization'] as const;
/** Calls that another server makes for somebody come with that server's certificate. */
const gatewayField = 'grpcgateway-accept';

/** Finds out who makes a call, and whether passwords are right. */
export class Authenticator {
  /** Users, roles and whether they count, as applied here. */
  readonly users: AuthReads;
  readonly access: AccessCheck;
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.users = options.users;
    this.access = options.access;
    this.#options = options;
  }

  get isEnabled(): boolean {
    return this.users.isEnabled;
  }

  /**
   * Who makes a call; {@link nobody} when it does not say. Throws, or rejects with, StoreError `invalid-auth-token`, or what
   * the barrier rejects with: a token that was made lately is waited for.
   */
  identify(call: CallerTraces): AuthInfo | Promise<AuthInfo> {
    const token = tokenOf(call);
    if (token === undefined) return this.#byCertificate(call);
    const { tokens: scheme } = this.#options.settings;
    switch (scheme.kind) {
      case 'simple':
        return this.#byToken(token);
      case 'signed':
        return this.#bySignature(token, scheme.signer);
      case 'none':
        throw new StoreError('invalid-auth-token');
      default:
        return unreachable(scheme);
    }
  }

  /**
   * A read for whoever makes the call, when `check` lets it. Users and roles are the same when it ends as when it began, else
   * it rejects with StoreError `auth-old-revision`.
   */
  async read<T>(
    call: CallerTraces,
    check: (access: AccessCheck, user: AuthInfo) => void,
    read: () => T | Promise<T>,
  ): Promise<T> {
    const user = await this.identify(call);
    if (this.isEnabled) check(this.access, user);
    const result = await read();
    this.refuseWhenOld(user);
    return result;
  }

  /** Throws `auth-old-revision` when users or roles have changed since a caller was identified. */
  refuseWhenOld({ revision }: AuthInfo): void {
    if (revision !== 0 && revision !== this.users.revision) {
      throw new StoreError('auth-old-revision');
    }
  }

  /** The hash by which a password is known from now on. Rejects with StoreError. */
  hash(password: string): Promise<Uint8Array> {
    return this.#options.settings.passwords.hash(password);
  }

  /**
   * Resolves with the revision of users and roles at which the password was the user's. Rejects with StoreError
   * `auth-not-enabled`, `auth-failed`, `no-password-user`, or `too-many-requests`.
   */
  async checkPassword(userName: string, password: string): Promise<number> {
    if (!this.isEnabled) throw new StoreError('auth-not-enabled');
    const { revision } = this.users;
    const user = this.users.user(userName);
    if (user === undefined) throw new StoreError('auth-failed');
    if (user.options?.noPassword === true) throw new StoreError('no-password-user');
    const isRight = await this.#options.settings.passwords.matches(password, user.password);
    if (!isRight) throw new StoreError('auth-failed');
    return revision;
  }

  /** What users that log in are given. */
  get scheme(): AuthSettings['tokens'] {
    return this.#options.settings.tokens;
  }

  #byToken(token: string): AuthInfo | Promise<AuthInfo> {
    const { appliedIndex, readBarrier } = this.#options;
    const index = indexOf(token);
    if (index === null) throw new StoreError('invalid-auth-token');
    if (index <= appliedIndex()) return this.#byKnownToken(token);
    // It was made elsewhere, and the entry that says so is on its way here. Or it never was.
    return readBarrier().then(() => this.#byKnownToken(token));
  }

  #byKnownToken(token: string): AuthInfo {
    const userName = this.#options.tokens.use(token);
    if (userName === undefined) throw new StoreError('invalid-auth-token');
    return { userName, revision: this.users.revision };
  }

  #bySignature(token: string, signer: TokenSigner): AuthInfo | Promise<AuthInfo> {
    return signer.recall(token) ?? signer.verify(token);
  }

  #byCertificate({ metadata, peerCertificates }: CallerTraces): AuthInfo {
    const { trustsCertificates } = this.#options.settings;
    if (!trustsCertificates || peerCertificates === undefined) return nobody;
    if (metadata.has(gatewayField)) return nobody;
    const userName = commonNameOf(peerCertificates);
    return userName === undefined ? nobody : { userName, revision: this.users.revision };
  }
}

function tokenOf({ metadata }: CallerTraces): string | undefined {
  for (const name of tokenFields) {
    const token = metadata.get(name)?.[0];
    if (typeof token === 'string') return token;
  }
  return undefined;
}

/** The index of the entry that a token was made by; null when it is no token of ours. */
function indexOf(token: string): number | null {
  const digits = /^[^.]*\.(\d{1,15})$/.exec(token)?.[1];
  return digits === undefined ? null : Number(digits);
}
