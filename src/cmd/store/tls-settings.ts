import type { TlsVersion } from '../../host/net.js';
import { cipherSuiteNames } from '../../rpc/index.js';
import { UsageError } from '../usage-error.js';

/** How TLS is spoken on one side: with clients, or with peers. */
export interface TlsSettings {
  /** What is shown; null: made at the first start, signed by itself, and kept in the data directory (--auto-tls). */
  readonly pair: FilePair | null;
  /** What peers are shown when this member connects to them, when it is another. */
  readonly clientPair: FilePair | null;
  /** '' for none. */
  readonly caFile: string;
  /** Whoever connects must show a certificate that the authority has signed. */
  readonly clientCertAuth: boolean;
  /** Of those, who is let in all the same only if the certificate is not on this list; '' for none. */
  readonly crlFile: string;
  /** And has one of these common names; empty: any. */
  readonly allowedNames: readonly string[];
  /** Or is good for one of these host names; empty: any. */
  readonly allowedHosts: readonly string[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion | null;
  /** IANA's names; null: node's choice. */
  readonly cipherSuites: readonly string[] | null;
  /** Years that a certificate made here is good for. */
  readonly validityYears: number;
}

/** Paths of a certificate and its key. */
export interface FilePair {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The flags, read. */
interface Flags {
  readonly text: (name: string) => string;
  readonly flag: (name: string) => boolean;
}

/** The settings of a side (`''` for clients, `peer-` for peers); null: without TLS. Throws UsageError. */
export function tlsSettings(side: '' | 'peer-', flags: Flags): TlsSettings | null {
  const { text, flag } = flags;
  const pair = filePair(side, '', text);
  const caFile = text(`${side}trusted-ca-file`);
  const clientCertAuth = flag(`${side}client-cert-auth`);
  if (pair === null && !flag(`${side}auto-tls`)) {
    if (clientCertAuth) {
      throw new UsageError(
        `--${side}client-cert-auth needs --${side}cert-file and --${side}key-file`,
      );
    }
    return null;
  }
  if (clientCertAuth && caFile === '') {
    throw new UsageError(`--${side}client-cert-auth needs --${side}trusted-ca-file`);
  }
  const allowed = allowedClients(side, text);
  const crlFile = text(`${side === '' ? 'client' : 'peer'}-crl-file`);
  const isChosen =
    crlFile !== '' || allowed.allowedNames.length > 0 || allowed.allowedHosts.length > 0;
  if (isChosen && caFile === '') {
    throw new UsageError(
      `a choice among certificates needs --${side}trusted-ca-file, which says whose they are`,
    );
  }
  return {
    pair,
    clientPair: filePair(side, 'client-', text),
    caFile,
    // As in etcd, naming an authority is asking for certificates.
    clientCertAuth: clientCertAuth || caFile !== '',
    crlFile,
    ...allowed,
    ...protocol(text),
    validityYears: Number(text('self-signed-cert-validity')),
  };
}

function filePair(
  side: string,
  kind: '' | 'client-',
  text: (name: string) => string,
): FilePair | null {
  // The certificate with which this member is a client of its own clients' port is never used here.
  if (side === '' && kind === 'client-') return null;
  const certFile = text(`${side}${kind}cert-file`);
  const keyFile = text(`${side}${kind}key-file`);
  if (certFile === '' && keyFile === '') return null;
  if (certFile === '' || keyFile === '') {
    throw new UsageError(`--${side}${kind}cert-file and --${side}${kind}key-file go together`);
  }
  return { certFile, keyFile };
}

function allowedClients(
  side: '' | 'peer-',
  text: (name: string) => string,
): Pick<TlsSettings, 'allowedNames' | 'allowedHosts'> {
  const list = (name: string) =>
    text(name)
      .split(',')
      .filter((part) => part !== '');
  const allowedHosts = list(`${side === '' ? 'client' : 'peer'}-cert-allowed-hostname`);
  const allowedNames = side === '' ? [] : list('peer-cert-allowed-cn');
  if (allowedHosts.length > 0 && allowedNames.length > 0) {
    throw new UsageError(
      '--peer-cert-allowed-cn and --peer-cert-allowed-hostname exclude each other',
    );
  }
  return { allowedHosts, allowedNames };
}

function protocol(
  text: (name: string) => string,
): Pick<TlsSettings, 'minVersion' | 'maxVersion' | 'cipherSuites'> {
  const minVersion = version('tls-min-version', text('tls-min-version')) ?? 'TLSv1.2';
  const maxVersion = version('tls-max-version', text('tls-max-version'));
  if (maxVersion !== null && minVersion > maxVersion) {
    throw new UsageError(
      `min version (${text('tls-min-version')}) is greater than max version (${text('tls-max-version')})`,
    );
  }
  const suites = text('cipher-suites')
    .split(',')
    .filter((part) => part !== '');
  for (const suite of suites) {
    if (!cipherSuiteNames.includes(suite))
      throw new UsageError(`unexpected TLS cipher suite ${JSON.stringify(suite)}`);
  }
  if (suites.length > 0 && minVersion === 'TLSv1.3') {
    throw new UsageError('cipher suites cannot be configured when only TLS1.3 is enabled');
  }
  return { minVersion, maxVersion, cipherSuites: suites.length === 0 ? null : suites };
}

function version(name: string, text: string): TlsVersion | null {
  switch (text) {
    case '':
      return null;
    case 'TLS1.2':
      return 'TLSv1.2';
    case 'TLS1.3':
      return 'TLSv1.3';
    default:
      throw new UsageError(
        `--${name}: ${JSON.stringify(text)} is not spoken; give TLS1.2 or TLS1.3`,
      );
  }
}
