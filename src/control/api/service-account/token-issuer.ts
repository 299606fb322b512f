import { SignJWT } from 'jose';
import type { TokenClaims } from './claims.js';
import { legacyIssuer } from './claims.js';
import type { SigningKey } from './signing-key.js';

/** Signs service account tokens. */
export class TokenIssuer {
  readonly #key: SigningKey;
  /** The URL that tokens name as their issuer. */
  readonly issuer: string;

  constructor(key: SigningKey, issuer: string) {
    this.#key = key;
    this.issuer = issuer;
  }

  /** The token that says `claims`, signed. */
  sign(claims: TokenClaims): Promise<string> {
    return this.#sign({ ...claims, aud: [...claims.aud] });
  }

  /** The token for a secret of type kubernetes.io/service-account-token: it ends with its secret. */
  signLegacy(account: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly secretName: string;
  }): Promise<string> {
    const { namespace, name, uid, secretName } = account;
    return this.#sign({
      iss: legacyIssuer,
      'kubernetes.io/serviceaccount/namespace': namespace,
      'kubernetes.io/serviceaccount/secret.name': secretName,
      'kubernetes.io/serviceaccount/service-account.name': name,
      'kubernetes.io/serviceaccount/service-account.uid': uid,
      sub: `system:serviceaccount:${namespace}:${name}`,
    });
  }

  #sign(payload: Record<string, unknown>): Promise<string> {
    const { algorithm, id, key } = this.#key;
    return new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid: id }).sign(key);
  }
}
