import type { Secret } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';

/** Where Secrets with bootstrap tokens are. */
export const tokenNamespace = 'kube-system';

const secretType = 'bootstrap.kubernetes.io/token';
const namePrefix = 'bootstrap-token-';

/** A token by which machines join a cluster. */
export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
  /** Milliseconds since the epoch; null: it does not end. */
  readonly expiresMs: number | null;
  /** It signs the cluster's public description. */
  readonly isForSigning: boolean;
}

/** The Secret is one of bootstrap tokens, whatever it says. */
export function isTokenSecret({ type, metadata }: Secret): boolean {
  return type === secretType && metadata.namespace === tokenNamespace;
}

/** The token that a Secret holds; null when it holds none that anybody may use. */
export function bootstrapTokenOf(secret: Secret): BootstrapToken | null {
  if (!isTokenSecret(secret)) return null;
  const id = field(secret, 'token-id');
  const value = field(secret, 'token-secret');
  const isNamed = secret.metadata.name === `${namePrefix}${id}`;
  if (!/^[a-z0-9]{6}$/.test(id) || !/^[a-z0-9]{16}$/.test(value) || !isNamed) return null;
  const expiresMs = expirationOf(secret);
  if (expiresMs === 'invalid') return null;
  const isForSigning = field(secret, 'usage-bootstrap-signing') === 'true';
  return { id, secret: value, expiresMs, isForSigning };
}

/** When a Secret's token ends; `invalid`: it says so in no way that is understood, and counts as ended. */
export function expirationOf(secret: Secret): number | null | 'invalid' {
  const text = field(secret, 'expiration');
  return text === '' ? null : (parseTime(text) ?? 'invalid');
}

function field({ data }: Secret, name: string): string {
  return Buffer.from(data?.[name] ?? '', 'base64').toString('utf8');
}
