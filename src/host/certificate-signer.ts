import { createPrivateKey } from 'node:crypto';
import type { Extension, Pkcs10CertificateRequest, X509Certificate } from '@peculiar/x509';
import { loadLibrary, serialNumber, signingKey } from './certificate-maker.js';

type Library = Awaited<ReturnType<typeof loadLibrary>>;

/** What a certificate request (PKCS #10, RFC 2986) asks for. */
export interface RequestedCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
}

/** How a request is signed. */
export interface SigningTerms {
  /** As the API of certificates names them: `client auth`, `key encipherment`. Names that are not known are left out. */
  readonly usages: readonly string[];
  /** Milliseconds since the epoch, both inclusive. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A certificate authority, as PEM. */
export interface Authority {
  readonly cert: string;
  readonly key: string;
}

const alternativeNames = '2.5.29.17';

/** What somebody sent as a request cannot be read. */
export class CertificateRequestError extends Error {
  override readonly name = 'CertificateRequestError';
}

/** Reads a request in DER. Rejects with {@link CertificateRequestError} when it, or an extension that it asks for, is none. */
export async function readCertificateRequest(der: Uint8Array): Promise<RequestedCertificate> {
  const library = await loadLibrary();
  try {
    return readRequest(library, der);
  } catch (error) {
    throw new CertificateRequestError('the certificate request cannot be read', { cause: error });
  }
}

function readRequest(library: Library, der: Uint8Array): RequestedCertificate {
  const request = new library.Pkcs10CertificateRequest(Uint8Array.from(der));
  const names = namesOf(library, request)?.names.toJSON() ?? [];
  const of = (type: string) => names.flatMap((name) => (name.type === type ? name.value : []));
  return {
    commonName: request.subjectName.getField('CN').at(-1) ?? '',
    organizations: request.subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emailAddresses: of('email'),
    uris: of('url'),
  };
}

/**
 * Makes the certificate that a request in DER asks for: its subject, key and alternative names, for these usages, of no authority
 * itself. Rejects when the request or the authority cannot be read; the caller has checked who signed the request.
 */
export async function signCertificateRequest(
  der: Uint8Array,
  { usages, notBeforeMs, notAfterMs }: SigningTerms,
  authority: Authority,
): Promise<string> {
  const library = await loadLibrary();
  const request = new library.Pkcs10CertificateRequest(Uint8Array.from(der));
  const issuer = new library.X509Certificate(authority.cert);
  const { key, algorithm } = await signingKey(createPrivateKey(authority.key));
  const certificate = await library.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: request.subjectName,
    issuer: issuer.subjectName,
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    publicKey: request.publicKey,
    signingKey: key,
    signingAlgorithm: algorithm,
    extensions: extensionsOf(library, { request, issuer, usages }),
  });
  return `${certificate.toString('pem')}\n`;
}

/** When the certificate of an authority, as PEM, begins to hold and ends; milliseconds since the epoch. Rejects when it is none. */
export async function validityOf(
  cert: string,
): Promise<{ readonly notBeforeMs: number; readonly notAfterMs: number }> {
  const library = await loadLibrary();
  const { notBefore, notAfter } = new library.X509Certificate(cert);
  return { notBeforeMs: notBefore.getTime(), notAfterMs: notAfter.getTime() };
}

function extensionsOf(
  library: Library,
  {
    request,
    issuer,
    usages,
  }: {
    readonly request: Pkcs10CertificateRequest;
    readonly issuer: X509Certificate;
    readonly usages: readonly string[];
  },
): Extension[] {
  const extensions: Extension[] = [];
  const flags = usages.reduce((all, usage) => all | keyUsage(library, usage), 0);
  if (flags !== 0) extensions.push(new library.KeyUsagesExtension(flags, true));
  const purposes = [...new Set(usages.flatMap((usage) => extendedUsages[usage] ?? []))];
  if (purposes.length > 0) extensions.push(new library.ExtendedKeyUsageExtension(purposes));
  extensions.push(new library.BasicConstraintsExtension(false, undefined, true));
  const issuerKey = issuer.getExtension(library.SubjectKeyIdentifierExtension);
  if (issuerKey !== null) {
    extensions.push(new library.AuthorityKeyIdentifierExtension(issuerKey.keyId));
  }
  const names = namesOf(library, request);
  if (names !== null) extensions.push(names);
  return extensions;
}

function namesOf(library: Library, request: Pkcs10CertificateRequest) {
  const extension = request.getExtension(alternativeNames);
  return extension === null ? null : new library.SubjectAlternativeNameExtension(extension.rawData);
}

function keyUsage({ KeyUsageFlags }: Library, usage: string): number {
  const flags: Readonly<Record<string, number>> = {
    signing: KeyUsageFlags.digitalSignature,
    'digital signature': KeyUsageFlags.digitalSignature,
    'content commitment': KeyUsageFlags.nonRepudiation,
    'key encipherment': KeyUsageFlags.keyEncipherment,
    'key agreement': KeyUsageFlags.keyAgreement,
    'data encipherment': KeyUsageFlags.dataEncipherment,
    'cert sign': KeyUsageFlags.keyCertSign,
    'crl sign': KeyUsageFlags.cRLSign,
    'encipher only': KeyUsageFlags.encipherOnly,
    'decipher only': KeyUsageFlags.decipherOnly,
  };
  return flags[usage] ?? 0;
}

/** Object identifiers of purposes (RFC 5280 section 4.2.1.12). */
const extendedUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};
