import { readPem } from '../../api/certificates-v1/pem.js';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../api/gen/certificates-v1.js';

/** A condition of a request that is true. */
export function requestCondition(
  { status }: CertificateSigningRequest,
  type: 'Approved' | 'Denied' | 'Failed',
): CertificateSigningRequestCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Somebody has approved it, and nobody has denied it. */
export function isApproved(request: CertificateSigningRequest): boolean {
  return (
    requestCondition(request, 'Approved') !== undefined &&
    requestCondition(request, 'Denied') === undefined
  );
}

/** It has its certificate. */
export function isIssued({ status }: CertificateSigningRequest): boolean {
  return (status?.certificate ?? '') !== '';
}

/** DER of what is asked for; null when the request holds none. */
export function requestDer({ spec }: CertificateSigningRequest): Uint8Array | null {
  const [block] = readPem(Buffer.from(spec?.request ?? '', 'base64').toString('latin1'));
  return block?.type === 'CERTIFICATE REQUEST' ? block.bytes : null;
}
