import type { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { type MadeCertificate, makeCertificate } from '../../host/certificate-maker.js';
import type { CertificateRefusal, TlsMaterial } from '../../host/net.js';
import { readRevokedSerials } from '../../host/revocation-list.js';
import { fileFacts } from '../../host/state-files.js';
import { cipherNamesOf, type ListenerTls } from '../../rpc/index.js';
import { writePrivate } from '../credentials/write-private.js';
import { readAuthorities, readPair, warnOfDates } from './pem-files.js';
import type { TlsSettings } from './tls-settings.js';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;

/** Where a certificate that is made here is kept, and for which URLs it is good. */
export interface MadeFor {
  readonly folder: string;
  readonly urls: readonly string[];
}

/** What reading TLS material needs. */
export interface TlsParts {
  readonly made: MadeFor;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What this member serves peers and dials them with; null: without TLS. Rejects with ListenError. */
export async function peerTlsOf(
  settings: TlsSettings | null,
  parts: TlsParts,
): Promise<TlsMaterial | null> {
  if (settings === null) return null;
  const { cipherSuites, minVersion, maxVersion } = settings;
  const client =
    settings.clientPair === null ? null : await readPair('peer-client-', settings.clientPair);
  const ca = await authoritiesOf('peer-', settings);
  return {
    ...(await pairOf('peer-', settings, parts)),
    ...(ca === null ? {} : { ca }),
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

/** What this member serves clients with; null: without TLS. Rejects with ListenError. */
export async function clientTlsOf(
  settings: TlsSettings | null,
  parts: TlsParts,
): Promise<ListenerTls | null> {
  if (settings === null) return null;
  const { cipherSuites, clientCertAuth, minVersion, maxVersion } = settings;
  return {
    ...(await pairOf('', settings, parts)),
    clientCa: await authoritiesOf('', settings),
    clientCertAuth,
    minVersion,
    ...(maxVersion === null ? {} : { maxVersion }),
    ...(cipherSuites === null ? {} : { cipherSuites }),
    ...(await refusalOf(settings)),
  };
}

async function pairOf(
  prefix: string,
  { pair, validityYears }: TlsSettings,
  { made, clock, logger }: TlsParts,
): Promise<MadeCertificate> {
  const nowMs = clock.wallTime();
  const found =
    pair === null ? await ownPair(made, validityYears, nowMs) : await readPair(prefix, pair);
  warnOfDates(`--${prefix}cert-file`, { pem: found.cert, nowMs, logger });
  return found;
}

async function authoritiesOf(prefix: string, { caFile }: TlsSettings): Promise<string | null> {
  return caFile === '' ? null : readAuthorities(`--${prefix}trusted-ca-file`, caFile);
}

/** A certificate signed by itself, made once and kept. */
async function ownPair(
  { folder, urls }: MadeFor,
  years: number,
  nowMs: number,
): Promise<MadeCertificate> {
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  if ((await fileFacts(files.certFile)) !== null) return readPair('', files);
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
