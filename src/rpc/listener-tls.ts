import tls from 'node:tls';
import { ListenError } from '../host/listen-error.js';
import type { CertificateRefusal, TlsVersion } from '../host/net.js';
import { cipherNamesOf } from './tls-ciphers.js';

/** Milliseconds that a client has for the TLS handshake. */
const handshakeMsMax = 10_000;

/** A certificate and its key, as PEM text. */
export interface CertificatePair {
  /** May be followed by the certificates that lead to a root. */
  readonly cert: string;
  readonly key: string;
}

/** The certificate for clients that ask for one of the names (SNI). */
export interface NamedCertificate extends CertificatePair {
  /** Host names; `*.example.org` stands for one more label. The first certificate that fits is used. */
  readonly names: readonly string[];
}

/** Certificates for TLS, as PEM text. */
export interface ListenerTls extends CertificatePair {
  /** Who signs clients' certificates, which are asked for then; null: they are not. */
  readonly clientCa: string | null;
  /** Refuses clients without a certificate signed by `clientCa`. */
  readonly clientCertAuth: boolean;
  /** Lets clients with any certificate in, or without: whoever answers them verifies it. Not together with `clientCertAuth`. */
  readonly isClientCertUnverified?: boolean;
  /** Certificates for clients that ask for these names; the others get `cert`. */
  readonly named?: readonly NamedCertificate[];
  /** Default TLSv1.2. */
  readonly minVersion?: TlsVersion;
  /** Default: the newest that node has. */
  readonly maxVersion?: TlsVersion;
  /**
   * Cipher suites of TLS 1.2 that are offered, by their IANA names. Default: node's. Those of TLS 1.3 are not for configuring,
   * and naming them is allowed without effect.
   */
  readonly cipherSuites?: readonly string[];
  /** Turns clients away although `clientCa` has signed their certificates; only with `clientCertAuth`. */
  readonly refuses?: CertificateRefusal;
}

/** What a TLS server is made with; certificates by name are looked up in `contexts`. */
export function tlsServerOptions(
  url: string,
  options: ListenerTls,
  contexts: { find(name: string): tls.SecureContext | null },
): tls.TlsOptions {
  const isAsked = options.clientCa !== null || options.isClientCertUnverified === true;
  return {
    ...secureContextOptions(url, options),
    requestCert: isAsked,
    handshakeTimeout: handshakeMsMax,
    rejectUnauthorized: options.clientCertAuth,
    ALPNProtocols: ['h2', 'http/1.1'],
    SNICallback: (name, done) => done(null, contexts.find(name) ?? undefined),
  };
}

/** What may be replaced while the server runs. Throws ListenError. */
export function secureContextOptions(url: string, options: ListenerTls): tls.SecureContextOptions {
  return contextOptions(url, options, options);
}

function contextOptions(
  url: string,
  { cert, key }: CertificatePair,
  { clientCa, minVersion = 'TLSv1.2', maxVersion, cipherSuites }: ListenerTls,
): tls.SecureContextOptions {
  const ciphers = cipherSuites === undefined ? null : cipherNamesOf(cipherSuites);
  if (ciphers !== null && ciphers.unknown.length > 0) {
    const text = `cipher suite ${JSON.stringify(ciphers.unknown[0])} is not known`;
    throw new ListenError('bad-tls', `cannot listen on ${JSON.stringify(url)}: ${text}`);
  }
  const context = {
    cert,
    key,
    ...(clientCa === null ? {} : { ca: clientCa }),
    minVersion,
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === null ? {} : { ciphers: ciphers.names.join(':'), honorCipherOrder: true }),
  };
  checkContext(url, context);
  return context;
}

/** Throws ListenError when they cannot be used. */
function checkContext(url: string, options: tls.SecureContextOptions): void {
  try {
    tls.createSecureContext(options);
  } catch (error) {
    const text = `the certificate or key is not usable (${(error as Error).message})`;
    throw new ListenError('bad-tls', `cannot listen on ${JSON.stringify(url)}: ${text}`, {
      cause: error,
    });
  }
}

/** The certificates by name. */
export class NamedContexts {
  readonly #contexts: readonly {
    readonly names: readonly string[];
    readonly context: tls.SecureContext;
  }[];

  /** Throws ListenError. */
  constructor(url: string, options: ListenerTls) {
    this.#contexts = (options.named ?? []).map((certificate) => ({
      names: certificate.names.map((name) => name.toLowerCase()),
      context: tls.createSecureContext(contextOptions(url, certificate, options)),
    }));
  }

  /** The context for a server name, or null. */
  find(name: string): tls.SecureContext | null {
    const wanted = name.toLowerCase();
    const wildcard = wanted.replace(/^[^.]+/, '*');
    const exact = this.#contexts.find(({ names }) => names.includes(wanted));
    const found = exact ?? this.#contexts.find(({ names }) => names.includes(wildcard));
    return found?.context ?? null;
  }
}
