import type { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type MadeCertificate, makeCertificate } from '../../host/certificate-maker.js';
import { hostClock } from '../../host/clock.js';
import type { CertificateRefusal, TlsMaterial } from '../../host/net.js';
import { readRevokedSerials } from '../../host/revocation-list.js';
import { readTextFile } from '../../host/text-file.js';
import { cipherNamesOf, type ListenerTls } from '../../rpc/index.js';
import { writePrivate } from '../credentials/write-private.js';
import type { FilePair, TlsSettings } from './tls-settings.js';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;

/** Where a certificate that is made here is kept, and for which URLs it is good. */
export interface MadeFor {
  readonly folder: string;
  readonly urls: readonly string[];
}

/** What this member serves peers and dials them with; null: without TLS. */
export async function peerTlsOf(
  settings: TlsSettings | null,
  made: MadeFor,
): Promise<TlsMaterial | null> {
  if (settings === null) return null;
  const { cipherSuites, minVersion, maxVersion } = settings;
  const client = settings.clientPair === null ? null : await readPair(settings.clientPair);
  return {
    ...(await pairOf(settings, made)),
    ...(settings.caFile === '' ? {} : { ca: await readTextFile(settings.caFile) }),
    ...(client === null ? {} : { clientCert: client.cert, clientKey: client.key }),
    requireClientCert: settings.clientCertAuth,
    // Nobody vouches for certificates that members have made for themselves.
    rejectUnauthorized: settings.pair !== null,
    minVersion,
    ...(maxVersion === null ? {} : { maxVersion }),
    ...(cipherSuites === null ? {} : { ciphers: cipherNamesOf(cipherSuites).names.join(':') }),
    ...(await refusalOf(settings)),
  };
}

/** What this member serves clients with; null: without TLS. */
export async function clientTlsOf(
  settings: TlsSettings | null,
  made: MadeFor,
): Promise<ListenerTls | null> {
  if (settings === null) return null;
  const { caFile, cipherSuites, clientCertAuth, minVersion, maxVersion } = settings;
  return {
    ...(await pairOf(settings, made)),
    clientCa: caFile === '' ? null : await readTextFile(caFile),
    clientCertAuth,
    minVersion,
    ...(maxVersion === null ? {} : { maxVersion }),
    ...(cipherSuites === null ? {} : { cipherSuites }),
    ...(await refusalOf(settings)),
  };
}

function pairOf({ pair, validityYears }: TlsSettings, made: MadeFor): Promise<MadeCertificate> {
  return pair === null ? ownPair(made, validityYears) : readPair(pair);
}

async function readPair({ certFile, keyFile }: FilePair): Promise<MadeCertificate> {
  const [cert, key] = await Promise.all([readTextFile(certFile), readTextFile(keyFile)]);
  return { cert, key };
}

/** A certificate signed by itself, made once and kept. */
async function ownPair({ folder, urls }: MadeFor, years: number): Promise<MadeCertificate> {
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  try {
    return await readPair(files);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const nowMs = hostClock.wallTime();
  const names = [...new Set(urls.filter(hasHost).map((url) => new URL(url).hostname))];
  const pair = await makeCertificate({
    commonName: names[0] ?? 'localhost',
    names: names.map((name) => name.replace(/^\[|\]$/g, '')),
    use: 'self-signed-server',
    notBeforeMs: nowMs - hourMs,
    notAfterMs: nowMs + years * yearMs,
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writePrivate(files.keyFile, pair.key);
  await writePrivate(files.certFile, pair.cert);
  return pair;
}

function hasHost(url: string): boolean {
  return /^https?:/.test(url);
}

/** Who is turned away of those whose certificates the authority has signed. */
async function refusalOf(settings: TlsSettings): Promise<{ refuses?: CertificateRefusal }> {
  const { allowedHosts, allowedNames, crlFile } = settings;
  if (crlFile === '' && allowedHosts.length === 0 && allowedNames.length === 0) return {};
  const revoked = crlFile === '' ? new Set<string>() : await readRevokedSerials(crlFile);
  const isAllowed = (certificate: X509Certificate): boolean => {
    if (allowedNames.length > 0) return allowedNames.includes(commonNameOf(certificate));
    return allowedHosts.length === 0 || allowedHosts.some((host) => certificate.checkHost(host));
  };
  return {
    refuses: (certificate) => {
      const serial = certificate.serialNumber.toLowerCase();
      if (revoked.has(serial)) return `transport: certificate serial ${serial} revoked`;
      return isAllowed(certificate) ? null : 'client certificate authentication failed';
    },
  };
}

function commonNameOf({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
}
