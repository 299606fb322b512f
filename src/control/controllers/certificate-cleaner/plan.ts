import { X509Certificate } from 'node:crypto';
import { readPem } from '../../api/certificates-v1/pem.js';
import type { CertificateSigningRequest } from '../../api/gen/certificates-v1.js';
import { parseTime } from '../../machinery/time.js';
import { isIssued, requestCondition } from '../certificate-signing/request-state.js';

/** Decided requests are kept for so long. */
const decidedMs = 3_600_000;
/** Requests that nobody decides are kept for so long. */
const pendingMs = 24 * 3_600_000;

/** When a request is not needed any more; milliseconds since the epoch. Null: there is no such time as it is now. */
export function uselessFromMs(request: CertificateSigningRequest): number | null {
  const times: number[] = [];
  const add = (text: string | undefined, afterMs: number) => {
    const ms = parseTime(text ?? '');
    if (ms !== null) times.push(ms + afterMs);
  };
  const { conditions = [], certificate = '' } = request.status ?? {};
  if (conditions.length === 0) add(request.metadata.creationTimestamp, pendingMs);
  add(requestCondition(request, 'Denied')?.lastUpdateTime, decidedMs);
  add(requestCondition(request, 'Failed')?.lastUpdateTime, decidedMs);
  const approved = requestCondition(request, 'Approved');
  if (approved !== undefined && isIssued(request)) {
    add(approved.lastUpdateTime, decidedMs);
    const endMs = endOf(certificate);
    if (endMs !== null) times.push(endMs);
  }
  return times.length === 0 ? null : Math.min(...times);
}

/** When a certificate (base64 of PEM) ends. */
function endOf(certificate: string): number | null {
  const [block] = readPem(Buffer.from(certificate, 'base64').toString('latin1'));
  if (block === undefined) return null;
  try {
    const endMs = Date.parse(new X509Certificate(Buffer.from(block.bytes)).validTo);
    return Number.isFinite(endMs) ? endMs : null;
  } catch {
    // The API server has checked it; whatever it is, it does not say when it ends.
    return null;
  }
}
