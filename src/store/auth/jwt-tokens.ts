import type { KeyObject } from 'node:crypto';
import { compactVerify, SignJWT } from 'jose';
import type { Clock } from '../../base/clock.js';
import { StoreError } from '../errors.js';
import type { AuthInfo } from './auth-info.js';
import type { TokenSigner } from './auth-settings.js';

/** Tokens whose signature was found good are remembered: verifying one takes longer than all else that a request costs. */
const rememberedMax = 10_000;

/** Keys and method of signed tokens: etcd's --auth-token=jwt,... */
export interface JwtOptions {
  /** A method of RFC 7518, such as RS256. */
  readonly algorithm: string;
  /** Null: tokens of others are verified, and none are made. */
  readonly signKey: KeyObject | Uint8Array | null;
  readonly verifyKey: KeyObject | Uint8Array;
  readonly ttlSeconds: number;
  readonly clock: Clock;
}

/** Tokens as JSON Web Tokens (RFC 7519) with the claims `username`, `revision` and `exp`, as etcd makes them. */
export class JwtTokens implements TokenSigner {
  readonly #options: JwtOptions;
  /** Those verified last are the last. `expiresAt` in seconds of the Unix epoch. */
  readonly #remembered = new Map<string, { readonly info: AuthInfo; readonly expiresAt: number }>();

  constructor(options: JwtOptions) {
    this.#options = options;
  }

  async sign({ userName, revision }: AuthInfo): Promise<string> {
    const { algorithm, signKey, ttlSeconds } = this.#options;
    if (signKey === null) throw new StoreError('token-verify-only');
    const exp = Math.floor(this.#now() + ttlSeconds);
    return new SignJWT({ username: userName, revision, exp })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
      .sign(signKey);
  }

  recall(token: string): AuthInfo | undefined {
    const known = this.#remembered.get(token);
    if (known === undefined || known.expiresAt > this.#now()) return known?.info;
    this.#remembered.delete(token);
    return undefined;
  }

  async verify(token: string): Promise<AuthInfo> {
    const { exp, nbf, username, revision } = claimsOf(await this.#payload(token));
    const now = this.#now();
    const isNow = isAfter(exp, now) && !isAfter(nbf, now, false);
    if (!isNow || typeof username !== 'string' || typeof revision !== 'number') {
      throw new StoreError('invalid-auth-token');
    }
    const info = { userName: username, revision: Math.floor(revision) };
    const expiresAt = typeof exp === 'number' ? exp : Number.POSITIVE_INFINITY;
    this.#remember(token, { info, expiresAt });
    return info;
  }

  async #payload(token: string): Promise<Uint8Array> {
    const { algorithm, verifyKey } = this.#options;
    try {
      return (await compactVerify(token, verifyKey, { algorithms: [algorithm] })).payload;
    } catch (error) {
      throw new StoreError('invalid-auth-token', { cause: error });
    }
  }

  #remember(token: string, known: { readonly info: AuthInfo; readonly expiresAt: number }): void {
    this.#remembered.set(token, known);
    if (this.#remembered.size <= rememberedMax) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }

  #now(): number {
    return this.#options.clock.wallTime() / 1000;
  }
}

/** The payload as an object of claims; without any when it is something else. */
function claimsOf(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof claims === 'object' && claims !== null ? { ...claims } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Whether a time is still to come; `otherwise` when it is left out. What is no number is never right. */
function isAfter(time: unknown, now: number, otherwise = true): boolean {
  if (time === undefined) return otherwise;
  return typeof time !== 'number' ? !otherwise : time > now;
}
