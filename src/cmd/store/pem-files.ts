import { X509Certificate } from 'node:crypto';
import type { Logger } from '../../base/logger.js';
import type { MadeCertificate } from '../../host/certificate-maker.js';
import { ListenError } from '../../host/listen-error.js';
import { pairProblem } from '../../host/net.js';
import { readTextFile } from '../../host/text-file.js';
import type { FilePair } from './tls-settings.js';

/** A certificate and its key that are of one pair. `prefix` is that of the flags. Rejects with ListenError, which names the flag. */
export async function readPair(
  prefix: string,
  { certFile, keyFile }: FilePair,
): Promise<MadeCertificate> {
  const [cert, key] = await Promise.all([
    readPem(`--${prefix}cert-file`, certFile),
    readPem(`--${prefix}key-file`, keyFile),
  ]);
  const problem = pairProblem({ cert, key });
  if (problem !== null) {
    const files = `--${prefix}cert-file ${quote(certFile)} with --${prefix}key-file ${quote(keyFile)}`;
    throw new ListenError('bad-tls', `cannot use ${files}: ${problem}`);
  }
  return { cert, key };
}

/** The certificates of authorities: one at least. Rejects with ListenError. */
export async function readAuthorities(flag: string, path: string): Promise<string> {
  const pem = await readPem(flag, path);
  if (certificateOf(pem) === null) {
    throw new ListenError('bad-tls', `${flag}: ${quote(path)} holds no certificate as PEM`);
  }
  return pem;
}

/** Says so when others will not take a certificate because of its dates. */
export function warnOfDates(
  flag: string,
  { pem, nowMs, logger }: { readonly pem: string; readonly nowMs: number; readonly logger: Logger },
): void {
  const certificate = certificateOf(pem);
  if (certificate === null) return;
  const { validFrom, validTo } = certificate;
  const isOver = Date.parse(validTo) < nowMs;
  if (!isOver && Date.parse(validFrom) <= nowMs) return;
  const message = isOver
    ? 'a certificate has expired: others will refuse it'
    : 'a certificate is not valid yet: others will refuse it';
  logger.warn(message, { flag, validFrom, validTo });
}

async function readPem(flag: string, path: string): Promise<string> {
  try {
    return await readTextFile(path);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new ListenError('bad-tls', `${flag}: cannot read ${quote(path)} (${why})`, { cause });
  }
}

function certificateOf(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function quote(path: string): string {
  return JSON.stringify(path);
}
