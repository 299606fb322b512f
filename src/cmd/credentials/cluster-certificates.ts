import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { type MadeCertificate, makeCertificate } from '../../host/certificate-maker.js';
import { readTextFile } from '../../host/text-file.js';
import type { AuthorityName, CertificateRow } from './certificate-row.js';
import { writePrivate } from './write-private.js';

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const authorityNames: readonly AuthorityName[] = ['ca', 'front-proxy-ca'];
/** A certificate is made anew when less than this part of its time is left. */
const restPartMin = 0.2;

/** How long certificates hold. */
export interface CertificateLifetimes {
  readonly leafMs: number;
  readonly authorityMs: number;
}

const usualLifetimes: CertificateLifetimes = { leafMs: yearMs, authorityMs: 10 * yearMs };

/**
 * The authorities of a cluster and what they signed, as files of one folder that only their owner reads. {@link renew} is called at each
 * start and from time to time: it makes what is missing, was made for somebody else, or will soon be over.
 */
export class ClusterCertificates {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #lifetimes: CertificateLifetimes;

  constructor(folder: string, clock: Clock, lifetimes: CertificateLifetimes = usualLifetimes) {
    this.#folder = folder;
    this.#clock = clock;
    this.#lifetimes = lifetimes;
  }

  certFile(name: string): string {
    return join(this.#folder, `${name}.crt`);
  }

  keyFile(name: string): string {
    return join(this.#folder, `${name}.key`);
  }

  /** PEM of a certificate and its key. Rejects when it was not made. */
  async read(name: string): Promise<MadeCertificate> {
    const [cert, key] = await Promise.all([
      readTextFile(this.certFile(name)),
      readTextFile(this.keyFile(name)),
    ]);
    return { cert, key };
  }

  /** Resolves with the names of those that were made, authorities included: who uses them is to be started again. */
  async renew(rows: readonly CertificateRow[]): Promise<readonly string[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const made: string[] = [];
    const authorities = new Map<AuthorityName, MadeCertificate>();
    for (const name of authorityNames) {
      const kept = await this.#kept(name);
      if (kept === null) made.push(name);
      authorities.set(name, kept ?? (await this.#makeAuthority(name)));
    }
    for (const row of rows) {
      const authority = authorities.get(row.authority);
      const kept = await this.#kept(row.name);
      if (authority === undefined) continue;
      if (kept !== null && isFor(kept, row, authority)) continue;
      await this.#make(row, authority);
      made.push(row.name);
    }
    return made;
  }

  /** Null when it is to be made: absent, damaged, or nearly over. */
  async #kept(name: string): Promise<MadeCertificate | null> {
    const pair = await this.read(name).catch(() => null);
    if (pair === null) return null;
    const facts = factsOf(pair);
    if (facts === null) return null;
    const { validFromMs, validToMs } = facts;
    const restMs = validToMs - this.#clock.wallTime();
    return restMs > (validToMs - validFromMs) * restPartMin ? pair : null;
  }

  async #makeAuthority(name: AuthorityName): Promise<MadeCertificate> {
    const subject = {
      // The name tells an authority from its predecessor: who verifies finds issuers by it.
      commonName: `flotilla-${name}@${Math.floor(this.#clock.wallTime() / 1000)}`,
      use: 'authority' as const,
    };
    return this.#write(name, subject, this.#lifetimes.authorityMs);
  }

  #make(row: CertificateRow, authority: MadeCertificate): Promise<MadeCertificate> {
    return this.#write(row.name, row, this.#lifetimes.leafMs, authority);
  }

  async #write(
    name: string,
    subject: Pick<CertificateRow, 'commonName' | 'organizations' | 'names'> & {
      readonly use: 'authority' | CertificateRow['use'];
    },
    lifetimeMs: number,
    issuer?: MadeCertificate,
  ): Promise<MadeCertificate> {
    const { commonName, organizations = [], names = [], use } = subject;
    const nowMs = this.#clock.wallTime();
    // Clocks of other machines may be behind.
    const validity = {
      notBeforeMs: nowMs - Math.min(hourMs, lifetimeMs / 10),
      notAfterMs: nowMs + lifetimeMs,
    };
    const made = await makeCertificate(
      { commonName, organizations, names, use, ...validity },
      issuer,
    );
    // The key first: a certificate without its key is made anew at the next start.
    await writePrivate(this.keyFile(name), made.key);
    await writePrivate(this.certFile(name), made.cert);
    return made;
  }
}

interface CertificateFacts {
  readonly certificate: X509Certificate;
  readonly validFromMs: number;
  readonly validToMs: number;
}

/** Null when it is no certificate, or the key is another's. */
function factsOf({ cert, key }: MadeCertificate): CertificateFacts | null {
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key))) return null;
    return {
      certificate,
      validFromMs: Date.parse(certificate.validFrom),
      validToMs: Date.parse(certificate.validTo),
    };
  } catch {
    return null;
  }
}

/** Whether a certificate says of its owner what the row does, and the authority signed it. */
function isFor(pair: MadeCertificate, row: CertificateRow, authority: MadeCertificate): boolean {
  const certificate = factsOf(pair)?.certificate;
  if (certificate === undefined) return false;
  const signer = new X509Certificate(authority.cert);
  if (!certificate.checkIssued(signer) || !certificate.verify(signer.publicKey)) return false;
  const subject = [...(row.organizations ?? []).map((each) => `O=${each}`), `CN=${row.commonName}`];
  if (certificate.subject !== subject.join('\n')) return false;
  const present = (certificate.subjectAltName ?? '').split(', ').filter((each) => each !== '');
  const names = new Set(present.map((each) => each.replace(/^(DNS|IP Address):/, '')));
  const wanted = row.names ?? [];
  return names.size === wanted.length && wanted.every((name) => names.has(shownName(name)));
}

/** Node writes IPv6 addresses in full. */
function shownName(name: string): string {
  return name === '::1' ? '0:0:0:0:0:0:0:1' : name;
}
