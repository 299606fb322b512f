import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextFile } from '../../host/text-file.js';
import type { CertificatePair } from '../../rpc/index.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';
import { makeSelfSigned } from './self-signed.js';

/** Where a certificate is kept that was made. */
export interface KeptCertificate {
  readonly folder: string;
  /** Of the files, without their endings. */
  readonly name: string;
}

/**
 * The certificate that clients see: the one that the flags name, or one that an earlier start made, or a new one that is kept: as
 * `apiserver` in `--cert-dir` where nothing else is said.
 */
export async function servingCertificate(
  flags: ParsedFlags,
  names: readonly string[],
  nowMs: number,
  kept: KeptCertificate = { folder: flags.text('cert-dir'), name: 'apiserver' },
): Promise<CertificatePair> {
  const certFile = flags.text('tls-cert-file');
  const keyFile = flags.text('tls-private-key-file');
  if ((certFile === '') !== (keyFile === '')) {
    throw new UsageError(
      '--tls-cert-file and --tls-private-key-file go together: give both or none',
    );
  }
  if (certFile !== '') return readPair(certFile, keyFile);
  const { folder: dir, name } = kept;
  const certPath = join(dir, `${name}.crt`);
  const keyPath = join(dir, `${name}.key`);
  const made = await readPair(certPath, keyPath).catch(() => null);
  return made ?? makeAndKeep({ dir, certPath, keyPath }, names, nowMs);
}

async function makeAndKeep(
  places: { readonly dir: string; readonly certPath: string; readonly keyPath: string },
  names: readonly string[],
  nowMs: number,
): Promise<CertificatePair> {
  const { dir, certPath, keyPath } = places;
  const made = await makeSelfSigned(names, nowMs);
  try {
    await mkdir(dir, { recursive: true });
    await writeWhole(keyPath, made.key, 0o600);
    await writeWhole(certPath, made.cert, 0o644);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `cannot keep the certificate in --cert-dir ${JSON.stringify(dir)} (${why}): give a folder that can be written, or --tls-cert-file`,
      { cause: error },
    );
  }
  return made;
}

async function readPair(certFile: string, keyFile: string): Promise<CertificatePair> {
  const [cert, key] = await Promise.all([readTextFile(certFile), readTextFile(keyFile)]);
  return { cert, key };
}

/** Nobody sees half a file. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text, { mode });
  await rename(draft, path);
}
