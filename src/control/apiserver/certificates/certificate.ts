import { X509Certificate } from 'node:crypto';
import { type DerElement, DerError, DerReader, derTag, readOid, readTime } from './der.js';
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

const extensionOid = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
};

/** Extensions that may be critical without effect on what is verified here. */
const harmless: ReadonlySet<string> = new Set([
  extensionOid.subjectAltName,
  extensionOid.certificatePolicies,
]);

/** Parses a certificate (RFC 5280 section 4.1). Throws DerError when the bytes are none. */
export function parseCertificate(der: Uint8Array): Certificate {
  const outer = new DerReader(der);
  const whole = outer.enter(derTag.sequence);
  const tbs = whole.enter(derTag.sequence);
  tbs.optional(0xa0); // version
  tbs.expect(derTag.integer); // serial number
  tbs.expect(derTag.sequence); // signature algorithm
  const issuer = tbs.expect(derTag.sequence);
  const validity = tbs.enter(derTag.sequence);
  const notBeforeMs = readTime(validity.next());
  const notAfterMs = readTime(validity.next());
  const subject = tbs.expect(derTag.sequence);
  tbs.expect(derTag.sequence); // public key
  while (!tbs.isAtEnd && tbs.nextTag !== 0xa3) tbs.next(); // unique ids
  const extensions = readExtensions(tbs.optional(0xa3));
  return {
    der,
    native: nativeCertificate(der),
    subject: readDistinguishedName(subject.content),
    subjectRaw: subject.raw,
    issuerRaw: issuer.raw,
    notBeforeMs,
    notAfterMs,
    ...extensions,
  };
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

function nativeCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (error) {
    throw new DerError('these bytes are no certificate', { cause: error });
  }
}

type Extensions = Pick<
  Certificate,
  'isAuthority' | 'pathLengthMax' | 'maySignCertificates' | 'extendedKeyUsages' | 'unknownCritical'
>;

function readExtensions(wrapper: DerElement | undefined): Extensions {
  let isAuthority = false;
  let pathLengthMax: number | null = null;
  let maySignCertificates = true;
  let extendedKeyUsages: string[] | null = null;
  const unknownCritical: string[] = [];
  const list =
    wrapper === undefined
      ? new DerReader(new Uint8Array(0))
      : new DerReader(wrapper.content).enter(derTag.sequence);
  while (!list.isAtEnd) {
    const extension = list.enter(derTag.sequence);
    const oid = readOid(extension.expect(derTag.oid).content);
    const isCritical = (extension.optional(derTag.boolean)?.content[0] ?? 0) !== 0;
    const value = new DerReader(extension.expect(derTag.octetString).content);
    if (oid === extensionOid.basicConstraints) {
      const fields = value.enter(derTag.sequence);
      isAuthority = (fields.optional(derTag.boolean)?.content[0] ?? 0) !== 0;
      const length = fields.optional(derTag.integer);
      if (length !== undefined) pathLengthMax = readSmallInteger(length.content);
    } else if (oid === extensionOid.keyUsage) {
      // Bit 5, counted from the most significant, after the octet that counts unused bits.
      maySignCertificates = ((value.expect(derTag.bitString).content[1] ?? 0) & 0x04) !== 0;
    } else if (oid === extensionOid.extendedKeyUsage) {
      const usages = value.enter(derTag.sequence);
      extendedKeyUsages = [];
      while (!usages.isAtEnd) extendedKeyUsages.push(readOid(usages.expect(derTag.oid).content));
    } else if (isCritical && !harmless.has(oid)) {
      unknownCritical.push(oid);
    }
  }
  return { isAuthority, pathLengthMax, maySignCertificates, extendedKeyUsages, unknownCritical };
}

function readSmallInteger(content: Uint8Array): number {
  if (content.length === 0 || content.length > 4 || (content[0] ?? 0) & 0x80)
    throw new DerError('a path length is out of range');
  return content.reduce((value, byte) => value * 256 + byte, 0);
}
