import { type Certificate, parseCertificatesPem } from '../certificates/certificate.js';
import { DerError } from '../certificates/der-error.js';

/** By what this server knows who asks, as far as other servers may know it too: PEM texts, '' without. */
export interface AuthenticationInfo {
  readonly clientCaPem: string;
  readonly proxyCaPem: string;
  /** Of the proxies that `proxyCaPem` signs for. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/** The lists, by the keys under which they are published. */
const lists = {
  'requestheader-allowed-names': 'allowedNames',
  'requestheader-extra-headers-prefix': 'extraHeaderPrefixes',
  'requestheader-group-headers': 'groupHeaders',
  'requestheader-uid-headers': 'uidHeaders',
  'requestheader-username-headers': 'usernameHeaders',
} as const;

/**
 * What is published of it, joined with what is published already: replicas whose flags differ, as during a change of authorities, add to
 * each other. Expired certificates go.
 */
export function publishedInfo(
  info: AuthenticationInfo,
  published: Readonly<Record<string, string>>,
  nowMs: number,
): Readonly<Record<string, string>> {
  const bundle = (key: string, own: string) => joinedPem([published[key] ?? '', own], nowMs);
  const clientCa = bundle('client-ca-file', info.clientCaPem);
  const proxyCa = bundle('requestheader-client-ca-file', info.proxyCaPem);
  const headers = Object.entries(lists).map(([key, field]) => [
    key,
    JSON.stringify([...new Set([...textsIn(published[key]), ...info[field]])]),
  ]);
  return {
    ...(clientCa === '' ? {} : { 'client-ca-file': clientCa }),
    ...(proxyCa === ''
      ? {}
      : { ...Object.fromEntries(headers), 'requestheader-client-ca-file': proxyCa }),
  };
}

function joinedPem(texts: readonly string[], nowMs: number): string {
  const byBytes = new Map<string, string>();
  for (const { der, notAfterMs } of texts.flatMap(certificatesIn)) {
    const base64 = Buffer.from(der).toString('base64');
    if (notAfterMs > nowMs) byBytes.set(base64, pemOf(base64));
  }
  return [...byBytes.values()].join('');
}

/** What somebody wrote there that is no certificate is not kept. */
function certificatesIn(pem: string): readonly Certificate[] {
  try {
    return pem === '' ? [] : parseCertificatesPem(pem);
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}

function pemOf(base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function textsIn(json: string | undefined): readonly string[] {
  if (json === undefined) return [];
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  } catch {
    return []; // Somebody wrote something else there.
  }
}
