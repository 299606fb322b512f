import 'reflect-metadata';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { DerError } from './der-error.js';
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.js';

/** What is read of a PKCS #10 certification request (RFC 2986). */
export interface SigningRequest {
  readonly der: Uint8Array;
  readonly subject: DistinguishedName;
}

/** The request inside `spec.request` of a CertificateSigningRequest: base64 of PEM. Throws DerError. */
export function parseSigningRequest(base64Pem: string): SigningRequest {
  const pem = Buffer.from(base64Pem, 'base64').toString('latin1');
  const match =
    /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\s\S]+?)-----END (?:NEW )?CERTIFICATE REQUEST-----/.exec(
      pem,
    );
  if (match === null) throw new DerError('PEM block type must be CERTIFICATE REQUEST');
  const der = Buffer.from((match[1] ?? '').replace(/\s+/g, ''), 'base64');
  try {
    const { subjectName } = new Pkcs10CertificateRequest(new Uint8Array(der));
    return { der, subject: readDistinguishedName(subjectName) };
  } catch (error) {
    throw new DerError('these bytes are no certificate request', { cause: error });
  }
}
