import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextFile } from '../../host/text-file.js';
import { adminKubeconfig } from '../credentials/admin-kubeconfig.js';
import { writePrivate } from '../credentials/write-private.js';

/** What the control plane keeps in the folder of a cluster, under `control`. */
export interface ControlFiles {
  /** Of the folder of the serving certificate. */
  readonly certDir: string;
  readonly tokenFile: string;
  /** Signs the tokens of service accounts. */
  readonly signingKeyFile: string;
  readonly kubeconfig: string;
  readonly adminToken: string;
}

/** Makes the files that are not there yet: credentials stay the same from run to run. */
export async function openControlFiles(dir: string): Promise<ControlFiles> {
  const folder = join(dir, 'control');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const tokenFile = join(folder, 'tokens.csv');
  const signingKeyFile = join(folder, 'service-account.key');
  const tokens = await kept(
    tokenFile,
    () => `${randomBytes(24).toString('base64url')},admin,admin,system:masters\n`,
  );
  await kept(signingKeyFile, makeKey);
  return {
    ...{ tokenFile, signingKeyFile },
    certDir: join(folder, 'certificates'),
    kubeconfig: join(dir, 'admin.kubeconfig'),
    adminToken: tokens.split(',', 1)[0] ?? '',
  };
}

/** The certificate that the API server shows; it makes it at its first start. */
export function readCertificate({ certDir }: ControlFiles): Promise<string> {
  return readTextFile(join(certDir, 'apiserver.crt'));
}

/** Writes the administrator's kubeconfig. */
export function writeKubeconfig(
  { kubeconfig, adminToken }: ControlFiles,
  server: { readonly url: string; readonly certificate: string },
): Promise<void> {
  return writePrivate(kubeconfig, adminKubeconfig({ ...server, token: adminToken }));
}

async function kept(path: string, make: () => string): Promise<string> {
  try {
    return await readTextFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const text = make();
    await writePrivate(path, text);
    return text;
  }
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
