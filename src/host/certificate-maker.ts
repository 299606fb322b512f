import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  webcrypto,
} from 'node:crypto';
import { isIP } from 'node:net';
import type { Extension } from '@peculiar/x509';

/** A certificate and its key, as PEM text. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Whom a certificate is for, and what for. */
export interface CertificateSubject {
  /** A user's or a server's name. */
  readonly commonName: string;
  /** A user's groups. Default: none. */
  readonly organizations?: readonly string[];
  /** Host names and IP addresses that a server is reached by. Default: none. */
  readonly names?: readonly string[];
  /** `self-signed-server` is its own authority: clients may trust it without another. */
  readonly use: 'client' | 'server' | 'authority' | 'self-signed-server';
  /** Milliseconds since the epoch, both inclusive. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

type Library = typeof import('@peculiar/x509');

const serialBytes = 16;

/** Makes a key on P-256 and a certificate for it (RFC 5280), signed by `issuer`; without one by itself. Rejects when the issuer's PEM is none. */
export async function makeCertificate(
  subject: CertificateSubject,
  issuer?: MadeCertificate,
): Promise<MadeCertificate> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { cert: await certifyKey(spki, subject, issuer ?? { cert: null, key }), key };
}

/**
 * Makes a certificate for a public key (DER of a SubjectPublicKeyInfo) that somebody else has, such as one of a certificate request. An
 * issuer without a certificate is the subject. The issuer's key is RSA, or on P-256, P-384 or P-521.
 */
export async function certifyKey(
  spki: Uint8Array,
  subject: CertificateSubject,
  issuer: { readonly cert: string | null; readonly key: string },
): Promise<string> {
  const library = await loadLibrary();
  const name = new library.Name([
    ...(subject.organizations ?? []).map((utf8String) => ({ O: [{ utf8String }] })),
    { CN: [{ utf8String: subject.commonName }] },
  ]);
  const { key, algorithm } = await signingKey(createPrivateKey(issuer.key));
  const authority = issuer.cert === null ? null : new library.X509Certificate(issuer.cert);
  const certificate = await library.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: name,
    issuer: authority?.subjectName ?? name,
    notBefore: new Date(subject.notBeforeMs),
    notAfter: new Date(subject.notAfterMs),
    publicKey: Uint8Array.from(spki),
    signingKey: key,
    signingAlgorithm: algorithm,
    extensions: extensionsOf(library, subject),
  });
  return `${certificate.toString('pem')}\n`;
}

/** The library takes a fifth of a second to load: who makes no certificates does not wait for it. */
export async function loadLibrary(): Promise<Library> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** Hexadecimal; positive, and never beginning with zeros (RFC 5280 section 4.1.2.2). */
export function serialNumber(): string {
  const bytes = randomBytes(serialBytes);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** A key that signs certificates, and how it does. Throws TypeError for keys that cannot. */
export async function signingKey(
  key: KeyObject,
): Promise<{ key: webcrypto.CryptoKey; algorithm: { name: string; hash: string } }> {
  const algorithm = algorithmOf(key);
  const bytes = key.export({ type: 'pkcs8', format: 'der' });
  return {
    key: await webcrypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']),
    algorithm,
  };
}

const curves: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const curve = curves[asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve !== undefined) return { name: 'ECDSA', ...curve };
  throw new TypeError(
    `a key of type ${JSON.stringify(asymmetricKeyType)} cannot sign certificates here: give one that is RSA, or on P-256, P-384 or P-521`,
  );
}

function extensionsOf(library: Library, { use, names = [] }: CertificateSubject): Extension[] {
  const { KeyUsageFlags, ExtendedKeyUsage } = library;
  const isAuthority = use === 'authority' || use === 'self-signed-server';
  const usage = isAuthority
    ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign
    : KeyUsageFlags.digitalSignature;
  const extensions: Extension[] = [
    new library.KeyUsagesExtension(usage, true),
    new library.BasicConstraintsExtension(isAuthority, undefined, true),
  ];
  if (use !== 'authority') {
    const purpose = use === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth;
    extensions.push(new library.ExtendedKeyUsageExtension([purpose]));
  }
  if (names.length > 0) {
    const alternatives = names.map((value) => ({
      type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
      value,
    }));
    extensions.push(new library.SubjectAlternativeNameExtension(alternatives));
  }
  return extensions;
}
