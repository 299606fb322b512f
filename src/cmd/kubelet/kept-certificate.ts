import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostNodeFiles } from '../../host/node-files.js';
import { readTextFile } from '../../host/text-file.js';
import type { CertificatePair } from '../../rpc/index.js';

/** The file, with certificate and key, in which kubelets keep what the cluster has signed. */
export function certificateFile(folder: string, role: 'client' | 'server'): string {
  return join(folder, `kubelet-${role}-current.pem`);
}

/** The certificate that the cluster signed for an earlier run; null: there is none, or its time is over. */
export async function keptCertificate(
  path: string,
  nowMs: number,
): Promise<CertificatePair | null> {
  const text = await readTextFile(path).catch(() => '');
  const certificates = blocksOf(text, 'CERTIFICATE');
  const [key] = blocksOf(text, 'PRIVATE KEY');
  const [leaf] = certificates;
  if (leaf === undefined || key === undefined) return null;
  const { validTo } = new X509Certificate(leaf);
  return Date.parse(validTo) > nowMs ? { cert: certificates.join(''), key } : null;
}

/** Keeps a certificate for later runs. Rejects with the operating system's error. */
export async function keepCertificate(path: string, { cert, key }: CertificatePair): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const text = `${cert.trimEnd()}\n${key.trimEnd()}\n`;
  await hostNodeFiles.writeWhole(path, Buffer.from(text), 0o600);
}

function blocksOf(text: string, type: string): readonly string[] {
  const pattern = new RegExp(`-----BEGIN ${type}-----[\\s\\S]+?-----END ${type}-----`, 'g');
  return [...text.matchAll(pattern)].map(([block]) => `${block}\n`);
}
