import type { Clock } from '../../../base/clock.js';
import { fieldValues } from '../../../rpc/web.js';
import type { Certificate } from '../certificates/certificate.js';
import { CertificateError, CertificateVerifier } from '../certificates/certificate-verifier.js';
import type { Authenticator, Credentials, UserInfo } from '../contracts.js';
import { userInfo } from './user-info.js';

/** What the --requestheader-* flags say. Header names in any case. */
export interface RequestHeaderOptions {
  readonly authorities: readonly Certificate[];
  /** Common names that a proxy may have; empty: any that the authorities signed. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/**
 * A proxy in front that has authenticated the user and says so in headers. It proves itself by a client certificate of its own
 * authorities; without that certificate its headers mean nothing.
 */
export class RequestHeaderAuthenticator implements Authenticator {
  readonly #options: RequestHeaderOptions;
  readonly #verifier: CertificateVerifier;
  readonly #clock: Clock;

  constructor(options: RequestHeaderOptions, clock: Clock) {
    this.#options = options;
    this.#verifier = new CertificateVerifier(options.authorities);
    this.#clock = clock;
  }

  authenticate(credentials: Credentials): Promise<UserInfo | null> {
    // Only a request that carries the headers is looked at, so that usual client certificates cost no second verification.
    const name = firstValue(credentials.headers, this.#options.usernameHeaders);
    if (name === '' || credentials.peerCertificates.length === 0) return Promise.resolve(null);
    try {
      this.#verifyProxy(credentials.peerCertificates);
    } catch (error) {
      return Promise.reject(error);
    }
    return Promise.resolve(
      userInfo({
        name,
        uid: firstValue(credentials.headers, this.#options.uidHeaders),
        groups: this.#options.groupHeaders.flatMap((header) => values(credentials.headers, header)),
        extra: extraValues(credentials.headers, this.#options.extraHeaderPrefixes),
      }),
    );
  }

  #verifyProxy(chain: readonly Uint8Array[]): void {
    const { subject } = this.#verifier.verify(chain, this.#clock.wallTime());
    const { allowedNames } = this.#options;
    if (allowedNames.length > 0 && !allowedNames.includes(subject.commonName)) {
      throw new CertificateError(
        `x509: subject with cn=${subject.commonName} is not in the allowed list`,
      );
    }
  }
}

function firstValue(headers: Credentials['headers'], names: readonly string[]): string {
  for (const name of names) {
    const value = headers.get(name.toLowerCase());
    if (value !== undefined && value !== '') return value;
  }
  return '';
}

function values(headers: Credentials['headers'], name: string): string[] {
  return fieldValues(headers, name.toLowerCase()).filter((value) => value !== '');
}

/** Extra values of all headers with a prefix; what follows it is the key, percent-encoded and in lower case. */
export function extraValues(
  headers: Credentials['headers'],
  prefixes: readonly string[],
): Record<string, readonly string[]> {
  const extra = new Map<string, string[]>();
  for (const prefix of prefixes.map((p) => p.toLowerCase())) {
    for (const header of headers.keys()) {
      if (!header.startsWith(prefix)) continue;
      const key = unescapeKey(header.slice(prefix.length).toLowerCase());
      extra.set(key, [...(extra.get(key) ?? []), ...values(headers, header)]);
    }
  }
  return Object.fromEntries(extra);
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key; // Malformed keys are kept as they were written.
  }
}
