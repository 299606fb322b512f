import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** A key file that cannot be used. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
}

/** Algorithms that Kubernetes signs service account tokens with. */
export type TokenAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512';

/** A public key that tokens are verified with. */
export interface VerificationKey {
  /** Digest of the public key: the `kid` of the tokens it verifies, the same on all replicas. */
  readonly id: string;
  readonly algorithm: TokenAlgorithm;
  readonly key: KeyObject;
}

/** A private key that tokens are signed with. */
export interface SigningKey {
  readonly id: string;
  readonly algorithm: TokenAlgorithm;
  readonly key: KeyObject;
}

const blockPattern = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/** The public keys of a PEM text, which may hold public keys, private keys and certificates. Throws {@link KeyError}. */
export function parseVerificationKeys(pem: string): readonly VerificationKey[] {
  const keys: VerificationKey[] = [];
  for (const [block, label = ''] of pem.matchAll(blockPattern)) {
    if (label === 'EC PARAMETERS') continue;
    keys.push(verificationKey(publicKeyOf(block, label)));
  }
  if (keys.length === 0)
    throw new KeyError('there is no public or private key in this PEM text: give a PEM key file');
  return keys;
}

/** The private key of a PEM text. Throws {@link KeyError}. */
export function parseSigningKey(pem: string): SigningKey {
  for (const [block, label = ''] of pem.matchAll(blockPattern)) {
    if (!label.endsWith('PRIVATE KEY')) continue;
    const key = guarded(() => createPrivateKey(block), label);
    const { id, algorithm } = verificationKey(createPublicKey(key));
    return { id, algorithm, key };
  }
  throw new KeyError('there is no private key in this PEM text: give a PEM key file');
}

/** The public half of a signing key. */
export function verificationKeyOf(signing: SigningKey): VerificationKey {
  return verificationKey(createPublicKey(signing.key));
}

function publicKeyOf(block: string, label: string): KeyObject {
  return guarded(() => createPublicKey(block), label);
}

function guarded(parse: () => KeyObject, label: string): KeyObject {
  try {
    return parse();
  } catch (error) {
    throw new KeyError(`the ${label} block of this PEM text cannot be read`, { cause: error });
  }
}

function verificationKey(key: KeyObject): VerificationKey {
  const spki = key.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(spki).digest('base64url');
  return { id, algorithm: algorithmOf(key), key };
}

function algorithmOf(key: KeyObject): TokenAlgorithm {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  const curve = key.asymmetricKeyDetails?.namedCurve;
  switch (curve) {
    case 'prime256v1':
      return 'ES256';
    case 'secp384r1':
      return 'ES384';
    case 'secp521r1':
      return 'ES512';
    default:
      throw new KeyError(
        `keys of type ${curve ?? key.asymmetricKeyType} cannot sign tokens: use RSA, P-256, P-384 or P-521`,
      );
  }
}
