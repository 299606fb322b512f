import { X509Certificate } from 'node:crypto';
import { readTextFile } from '../../host/text-file.js';
import type { CertificatePair, ListenerTls, NamedCertificate } from '../../rpc/index.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';

/**
 * How the port speaks TLS: clients' certificates are taken as they come, and judged with each request. The handshake names the authorities
 * that count: clients that have several certificates choose by them, and Go's send none that fits none.
 */
export async function listenerTls(
  flags: ParsedFlags,
  certificate: CertificatePair,
): Promise<ListenerTls> {
  const suites = flags.list('tls-cipher-suites');
  return {
    ...certificate,
    clientCa: await clientAuthorities(flags),
    clientCertAuth: false,
    isClientCertUnverified: true,
    named: await Promise.all(flags.occurrences('tls-sni-cert-key').map(namedCertificate)),
    minVersion: minVersion(flags.text('tls-min-version')),
    ...(suites.length === 0 ? {} : { cipherSuites: suites }),
  };
}

/** Those of clients and of proxies in front, as PEM; null without any. */
async function clientAuthorities(flags: ParsedFlags): Promise<string | null> {
  const files = ['client-ca-file', 'requestheader-client-ca-file'].map((name) => flags.text(name));
  const bundles = await Promise.all(files.filter((file) => file !== '').map(readTextFile));
  return bundles.length === 0 ? null : bundles.join('\n');
}

function minVersion(text: string): 'TLSv1.2' | 'TLSv1.3' {
  if (text === 'VersionTLS12') return 'TLSv1.2';
  if (text === 'VersionTLS13') return 'TLSv1.3';
  throw new UsageError(
    `--tls-min-version: ${JSON.stringify(text)} is not spoken; give VersionTLS12 or VersionTLS13`,
  );
}

/** The certificates and keys that the flags name, which their owner may replace. Throws UsageError. */
export function servingFiles(flags: ParsedFlags): readonly string[] {
  const pair = ['tls-cert-file', 'tls-private-key-file'].map((name) => flags.text(name));
  const named = flags.occurrences('tls-sni-cert-key').map(readNamed);
  return [...pair, ...named.flatMap(({ certFile, keyFile }) => [certFile, keyFile])].filter(
    (path) => path !== '',
  );
}

async function namedCertificate(text: string): Promise<NamedCertificate> {
  const { certFile, keyFile, names } = readNamed(text);
  const [cert, key] = await Promise.all([readTextFile(certFile), readTextFile(keyFile)]);
  return { cert, key, names: names ?? dnsNames(cert) };
}

/** `cert.crt,cert.key:name1,name2`; without names those of the certificate. */
function readNamed(text: string): {
  readonly certFile: string;
  readonly keyFile: string;
  readonly names: readonly string[] | null;
} {
  const match = /^([^,:]+),([^,:]+)(?::([^:]+))?$/.exec(text);
  if (match === null) {
    throw new UsageError(
      `--tls-sni-cert-key: ${JSON.stringify(text)} is not of the form certfile,keyfile:name,name`,
    );
  }
  const [, certFile = '', keyFile = '', names] = match;
  return { certFile, keyFile, names: names?.split(',') ?? null };
}

function dnsNames(cert: string): readonly string[] {
  const { subjectAltName = '', subject } = new X509Certificate(cert);
  const names = [...subjectAltName.matchAll(/(?:^|, )DNS:([^,]+)/g)].map(([, name = '']) => name);
  const commonName = /^CN=(.*)$/m.exec(subject)?.[1];
  return names.length > 0 || commonName === undefined ? names : [commonName];
}
