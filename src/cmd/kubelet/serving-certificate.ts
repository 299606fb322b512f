import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hostNodeFiles } from '../../host/node-files.js';
import { readTextFile } from '../../host/text-file.js';
import type { CertificatePair } from '../../rpc/index.js';

/** A certificate and its key in one file, as kubelets keep those that the cluster has signed. */
const fileName = 'kubelet-server-current.pem';

/** The certificate that the cluster signed for an earlier run; null: there is none, or its time is over. */
export async function keptCertificate(
  folder: string,
  nowMs: number,
): Promise<CertificatePair | null> {
  const text = await readTextFile(join(folder, fileName)).catch(() => '');
  const certificates = blocksOf(text, 'CERTIFICATE');
  const [key] = blocksOf(text, 'PRIVATE KEY');
  const [leaf] = certificates;
  if (leaf === undefined || key === undefined) return null;
  const { validTo } = new X509Certificate(leaf);
  return Date.parse(validTo) > nowMs ? { cert: certificates.join(''), key } : null;
}

/** Keeps a certificate for later runs. Rejects with the operating system's error. */
export async function keepCertificate(
  folder: string,
  { cert, key }: CertificatePair,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const text = `${cert.trimEnd()}\n${key.trimEnd()}\n`;
  await hostNodeFiles.writeWhole(join(folder, fileName), Buffer.from(text), 0o600);
}

function blocksOf(text: string, type: string): readonly string[] {
  const pattern = new RegExp(`-----BEGIN ${type}-----[\\s\\S]+?-----END ${type}-----`, 'g');
  return [...text.matchAll(pattern)].map(([block]) => `${block}\n`);
}
