import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { loadLibrary, signingKey } from './certificate-maker.js';

/** Whom a certificate is asked for. */
export interface RequestSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Host names and IP addresses. */
  readonly names: readonly string[];
}

/** A request and the key that it is for, as PEM text. */
export interface MadeCertificateRequest {
  readonly request: string;
  readonly key: string;
}

/** Makes a key on P-256 and a request for a certificate for it (PKCS #10, RFC 2986). */
export async function makeCertificateRequest(
  subject: RequestSubject,
): Promise<MadeCertificateRequest> {
  const library = await loadLibrary();
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { key: privateKey, algorithm } = await signingKey(pair.privateKey);
  const publicKey = await webcrypto.subtle.importKey(
    'spki',
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['verify'],
  );
  const alternatives = subject.names.map((value) => ({
    type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
    value,
  }));
  const request = await library.Pkcs10CertificateRequestGenerator.create({
    name: new library.Name([
      ...subject.organizations.map((utf8String) => ({ O: [{ utf8String }] })),
      { CN: [{ utf8String: subject.commonName }] },
    ]),
    keys: { privateKey, publicKey },
    signingAlgorithm: algorithm,
    extensions:
      alternatives.length === 0 ? [] : [new library.SubjectAlternativeNameExtension(alternatives)],
  });
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { request: `${request.toString('pem')}\n`, key };
}
