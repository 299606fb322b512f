import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../base/clock.js';
import type { Secret } from '../../api/gen/core-v1.js';
import { parseTime } from '../../machinery/time.js';
import type { ObjectReader } from '../contracts.js';
import type { TokenAuthenticator, TokenIdentity } from './token-authenticator.js';
import { userInfo, wellKnown } from './user-info.js';

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/**
 * Knows the tokens by which new nodes join (--enable-bootstrap-token-auth): `id.secret`, kept in a secret of kube-system of type
 * bootstrap.kubernetes.io/token. A token whose secret is missing, expired, malformed or not meant for authentication is unknown.
 */
export class BootstrapTokenAuthenticator implements TokenAuthenticator {
  readonly #objects: ObjectReader;
  readonly #clock: Clock;

  constructor(objects: ObjectReader, clock: Clock) {
    this.#objects = objects;
    this.#clock = clock;
  }

  async authenticateToken(token: string): Promise<TokenIdentity | null> {
    const match = tokenPattern.exec(token);
    if (match === null) return null;
    const [, id = '', given = ''] = match;
    const secret = (await this.#objects.get(
      { group: '', resource: 'secrets' },
      'kube-system',
      `bootstrap-token-${id}`,
    )) as Secret | undefined;
    if (secret === undefined || !this.#isUsable(secret, id, given)) return null;
    const groups = extraGroups(secret);
    if (groups === null) return null;
    const user = userInfo({ name: `${wellKnown.bootstrapUserPrefix}${id}`, groups });
    return { user, audiences: [] };
  }

  #isUsable(secret: Secret, id: string, given: string): boolean {
    if (secret.metadata.deletionTimestamp !== undefined) return false;
    if (secret.type !== 'bootstrap.kubernetes.io/token') return false;
    if (!sameText(dataOf(secret, 'token-secret'), given)) return false;
    if (dataOf(secret, 'token-id') !== id || this.#isExpired(secret)) return false;
    return dataOf(secret, 'usage-bootstrap-authentication') === 'true';
  }

  #isExpired(secret: Secret): boolean {
    const expiration = dataOf(secret, 'expiration');
    if (expiration === '') return false;
    const expiresMs = parseTime(expiration);
    return expiresMs === undefined || expiresMs === null || expiresMs < this.#clock.wallTime();
  }
}

/** Null when one of the groups is not one that bootstrap tokens may have. */
function extraGroups(secret: Secret): string[] | null {
  const groups = new Set<string>([wellKnown.bootstrappersGroup]);
  for (const group of dataOf(secret, 'auth-extra-groups').split(',')) {
    const name = group.trim();
    if (name === '') continue;
    if (!groupPattern.test(name)) return null;
    groups.add(name);
  }
  return [...groups].sort();
}

function dataOf(secret: Secret, key: string): string {
  return Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
