import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as ParsedCertificate,
} from '@peculiar/x509';
import { DerError } from './der-error.js';
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.js';

/** Extended key usages by name (RFC 5280 section 4.2.1.12). */
export const extendedKeyUsage = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** What verification reads of an X.509 certificate. */
export interface Certificate {
  readonly der: Uint8Array;
  /** For signatures and keys. */
  readonly native: X509Certificate;
  readonly subject: DistinguishedName;
  /** DER of the names: issuers are found by comparing them. */
  readonly subjectRaw: Uint8Array;
  readonly issuerRaw: Uint8Array;
  /** Milliseconds since the epoch, both inclusive. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly isAuthority: boolean;
  /** How many authorities may stand between this one and a leaf; null: any number. */
  readonly pathLengthMax: number | null;
  /** False when a key usage is given that leaves out the signing of certificates. */
  readonly maySignCertificates: boolean;
  /** Null: every usage. */
  readonly extendedKeyUsages: readonly string[] | null;
  /** Critical extensions that this verifier does not know: a certificate that has one is refused. */
  readonly unknownCritical: readonly string[];
}

/** Extensions that may be critical without effect on what is verified here: subject alternative names, and policies. */
const harmless: ReadonlySet<string> = new Set(['2.5.29.17', '2.5.29.32']);

/** Parses a certificate (RFC 5280 section 4.1). Throws DerError when the bytes are none. */
export function parseCertificate(der: Uint8Array): Certificate {
  try {
    // It reads the whole buffer behind a view: the bytes are copied.
    const parsed = new ParsedCertificate(Uint8Array.from(der));
    return {
      der,
      native: new X509Certificate(der),
      subject: readDistinguishedName(parsed.subjectName),
      subjectRaw: new Uint8Array(parsed.subjectName.toArrayBuffer()),
      issuerRaw: new Uint8Array(parsed.issuerName.toArrayBuffer()),
      notBeforeMs: parsed.notBefore.getTime(),
      notAfterMs: parsed.notAfter.getTime(),
      ...readExtensions(parsed.extensions),
    };
  } catch (error) {
    throw new DerError('these bytes are no certificate', { cause: error });
  }
}

/** The certificates of a PEM text, in order. Throws DerError when there is none or one is broken. */
export function parseCertificatesPem(pem: string): readonly Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new DerError('there is no CERTIFICATE block in this PEM text');
  return blocks.map((block) => {
    const base64 = block.replace(/-----[A-Z ]+-----/g, '').replace(/\s+/g, '');
    return parseCertificate(Buffer.from(base64, 'base64'));
  });
}

type Extensions = Pick<
  Certificate,
  'isAuthority' | 'pathLengthMax' | 'maySignCertificates' | 'extendedKeyUsages' | 'unknownCritical'
>;

function readExtensions(extensions: readonly Extension[]): Extensions {
  let isAuthority = false;
  let pathLengthMax: number | null = null;
  let maySignCertificates = true;
  let extendedKeyUsages: string[] | null = null;
  const unknownCritical: string[] = [];
  for (const extension of extensions) {
    if (extension instanceof BasicConstraintsExtension) {
      isAuthority = extension.ca;
      pathLengthMax = extension.pathLength ?? null;
    } else if (extension instanceof KeyUsagesExtension) {
      maySignCertificates = (extension.usages & KeyUsageFlags.keyCertSign) !== 0;
    } else if (extension instanceof ExtendedKeyUsageExtension) {
      extendedKeyUsages = extension.usages.map(String);
    } else if (extension.critical && !harmless.has(extension.type)) {
      unknownCritical.push(extension.type);
    }
  }
  return { isAuthority, pathLengthMax, maySignCertificates, extendedKeyUsages, unknownCritical };
}
