import { createHash } from 'node:crypto';
import type { Clock } from '../../../base/clock.js';
import type { Certificate } from '../certificates/certificate.js';
import { CertificateError, CertificateVerifier } from '../certificates/certificate-verifier.js';
import type { Authenticator, Credentials, UserInfo } from '../contracts.js';
import { credentialIdKey, userInfo } from './user-info.js';

interface Verified {
  readonly user: UserInfo | null;
  readonly notBeforeMs: number;
  /** Until when this is believed. */
  readonly notAfterMs: number;
  /** When the certificate expires. */
  readonly expiresMs: number;
}

/** Verified chains that are remembered; a busy server sees few certificates and many requests. */
const rememberedMax = 4096;

/**
 * Client certificates that one of the authorities signed: the common name is the user, organizations are the groups. Rejects with
 * CertificateError when a certificate was sent that does not verify.
 */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly #clock: Clock;
  readonly #onCertificate: (secondsLeft: number) => void;
  #verifier: CertificateVerifier;
  /** By digest of the chain. Cleared when the authorities change. */
  readonly #verified = new Map<string, Verified>();

  /** `onCertificate` is told of each request with a good certificate, and for how long that still holds. */
  constructor(
    authorities: readonly Certificate[],
    clock: Clock,
    onCertificate: (secondsLeft: number) => void = () => {},
  ) {
    this.#onCertificate = onCertificate;
    this.#verifier = new CertificateVerifier(authorities);
    this.#clock = clock;
  }

  /** Replaces the authorities, as when the file that holds them changed. */
  setAuthorities(authorities: readonly Certificate[]): void {
    this.#verifier = new CertificateVerifier(authorities);
    this.#verified.clear();
  }

  authenticate({ peerCertificates }: Credentials): Promise<UserInfo | null> {
    if (peerCertificates.length === 0) return Promise.resolve(null);
    const nowMs = this.#clock.wallTime();
    const key = chainKey(peerCertificates);
    const known = this.#verified.get(key);
    if (known !== undefined && nowMs >= known.notBeforeMs && nowMs <= known.notAfterMs)
      return Promise.resolve(this.#answer(known, nowMs));
    try {
      const leaf = this.#verifier.verify(peerCertificates, nowMs);
      return Promise.resolve(this.#answer(this.#remember(key, leaf, nowMs), nowMs));
    } catch (error) {
      this.#verified.delete(key);
      return Promise.reject(error);
    }
  }

  #answer({ user, expiresMs }: Verified, nowMs: number): UserInfo | null {
    this.#onCertificate((expiresMs - nowMs) / 1000);
    return user;
  }

  #remember(key: string, leaf: Certificate, nowMs: number): Verified {
    const user = userOf(leaf);
    if (this.#verified.size >= rememberedMax) this.#verified.clear();
    // A signer may expire before the leaf does: nothing is believed for longer than an hour.
    const notAfterMs = Math.min(leaf.notAfterMs, nowMs + 3_600_000);
    const { notBeforeMs, notAfterMs: expiresMs } = leaf;
    const verified = { user, notBeforeMs, notAfterMs, expiresMs };
    this.#verified.set(key, verified);
    return verified;
  }
}

function userOf(leaf: Certificate): UserInfo | null {
  const { commonName, organizations, uids } = leaf.subject;
  if (commonName === '') return null;
  const [uid = ''] = uids;
  if (uids.length > 1)
    throw new CertificateError(`expected 1 UID, but found multiple: [${uids.join(' ')}]`);
  if (uids.length === 1 && uid === '') throw new CertificateError('UID cannot be an empty string');
  const fingerprint = createHash('sha256').update(leaf.der).digest('hex');
  return userInfo({
    name: commonName,
    uid,
    groups: organizations,
    extra: { [credentialIdKey]: [`X509SHA256=${fingerprint}`] },
  });
}

function chainKey(chain: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const der of chain) hash.update(der);
  return hash.digest('base64');
}
