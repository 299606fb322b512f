import { defaultBcryptCost, defaultTokenTtlSeconds } from '../../store/index.js';
import { parseDurationMs } from '../flag-duration.js';
import { UsageError } from '../usage-error.js';

/** How users are told apart. */
export interface AuthFlags {
  readonly tokens: TokenFlags;
  /** Of simple tokens. */
  readonly tokenTtlSeconds: number;
  readonly bcryptCost: number;
  /** Clients are known by the common names of their certificates. */
  readonly trustsCertificates: boolean;
}

/** What --auth-token says. */
export type TokenFlags = { readonly kind: 'simple' } | { readonly kind: 'none' } | JwtFlags;

/** Signed tokens. A path is '' when it is not given. */
export interface JwtFlags {
  readonly kind: 'jwt';
  readonly method: JwtMethod;
  readonly publicKeyFile: string;
  readonly privateKeyFile: string;
  readonly ttlSeconds: number;
}

/** Methods of RFC 7518 and 8037. */
export const jwtMethods = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type JwtMethod = (typeof jwtMethods)[number];

const jwtTtl = '5m';
const bcryptCostMin = 4;
const bcryptCostMax = 31;

/** Reads the flags. Throws {@link UsageError}. */
export function authFlags(flags: {
  readonly text: (name: string) => string;
  readonly flag: (name: string) => boolean;
}): AuthFlags {
  const { text, flag } = flags;
  const bcryptCost = Number(text('bcrypt-cost'));
  const isCost = bcryptCost >= bcryptCostMin && bcryptCost <= bcryptCostMax;
  return {
    tokens: tokenFlags(text('auth-token')),
    tokenTtlSeconds: Number(text('auth-token-ttl')) || defaultTokenTtlSeconds,
    // etcd goes on with its default as well.
    bcryptCost: isCost ? bcryptCost : defaultBcryptCost,
    trustsCertificates: flag('client-cert-auth'),
  };
}

function tokenFlags(value: string): TokenFlags {
  const [kind = '', ...options] = value.split(',');
  switch (kind) {
    case '':
      return { kind: 'none' };
    case 'simple':
      return { kind: 'simple' };
    case 'jwt':
      return jwtFlags(optionsOf(options));
    default:
      throw invalid(`${JSON.stringify(kind)} is no kind of token: give simple or jwt,...`);
  }
}

function optionsOf(options: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const option of options) {
    const [name = '', value, ...more] = option.split('=');
    if (value === undefined || more.length > 0) {
      throw invalid(`${JSON.stringify(option)} must be written NAME=VALUE`);
    }
    if (values.has(name)) throw invalid(`${name} is given twice`);
    values.set(name, value);
  }
  return values;
}

function jwtFlags(options: ReadonlyMap<string, string>): JwtFlags {
  const method = jwtMethods.find((known) => known === options.get('sign-method'));
  if (method === undefined) throw invalid(`sign-method must be one of ${jwtMethods.join(', ')}`);
  const ttl = options.get('ttl') || jwtTtl;
  const ttlMs = parseDurationMs(ttl);
  if (ttlMs === undefined) throw invalid(`ttl=${ttl} is not a duration such as 5m`);
  return {
    kind: 'jwt',
    method,
    publicKeyFile: options.get('pub-key') ?? '',
    privateKeyFile: options.get('priv-key') ?? '',
    ttlSeconds: ttlMs / 1000,
  };
}

/** An error about --auth-token. The first words are etcd's. */
export function invalid(what: string, options?: ErrorOptions): UsageError {
  return new UsageError(`auth: invalid auth options: --auth-token: ${what}`, options);
}
