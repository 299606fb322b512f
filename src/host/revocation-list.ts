import { readFile } from 'node:fs/promises';
import { loadLibrary } from './certificate-maker.js';

/**
 * Serial numbers, in lower-case hexadecimal, that a certificate revocation list (RFC 5280 section 5) names, which is PEM or DER. Its own
 * dates and signature are not looked at, as etcd does not. Rejects when the file cannot be read or is none.
 */
export async function readRevokedSerials(path: string): Promise<ReadonlySet<string>> {
  const { X509Crl } = await loadLibrary();
  const bytes = await readFile(path);
  const isPem = bytes.subarray(0, 5).toString('latin1') === '-----';
  try {
    const list = new X509Crl(isPem ? bytes.toString('latin1') : bytes);
    return new Set(list.entries.map(({ serialNumber }) => serialNumber.toLowerCase()));
  } catch (error) {
    throw new Error(`${path} is no certificate revocation list, as PEM or DER`, { cause: error });
  }
}
