import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../../../src/host/certificate-maker.js';

/** Files with what a cluster signs with. */
export interface Credentials {
  /** Signs the tokens of service accounts. */
  readonly accountKey: string;
  /** Signs certificates for those who request them; the API server believes it. */
  readonly authorityCertificate: string;
  readonly authorityKey: string;
  remove(): Promise<void>;
}

const dayMs = 86_400_000;

/** Makes new keys in a folder of their own. */
export async function makeCredentials(): Promise<Credentials> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-credentials-'));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const authority = await makeCertificate({
    ...{ commonName: 'test-authority', use: 'authority' },
    ...{ notBeforeMs: now - dayMs, notAfterMs: now + dayMs * 30 },
  });
  const files = {
    accountKey: join(dir, 'accounts.key'),
    authorityCertificate: join(dir, 'authority.crt'),
    authorityKey: join(dir, 'authority.key'),
  };
  await writeFile(files.accountKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(files.authorityCertificate, authority.cert);
  await writeFile(files.authorityKey, authority.key);
  return { ...files, remove: () => rm(dir, { recursive: true, force: true }) };
}
