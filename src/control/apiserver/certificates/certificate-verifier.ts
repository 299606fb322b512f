import { type Certificate, extendedKeyUsage, parseCertificate } from './certificate.js';
import { DerError } from './der-error.js';

/** A certificate that does not prove what it says. The text is for the log; clients only read that they are not authorized. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/** Authorities between a leaf and a root, at most: chains are bounded before any signature is checked. */
const intermediatesMax = 8;
/** Signatures that one verification checks at most, so that a crafted chain costs no more than this. */
const signatureChecksMax = 100;

/**
 * Verifies client certificates against a set of authorities (RFC 5280 section 6, as far as client authentication needs it): the
 * chain of signatures, validity of each certificate, that signers are authorities and within their path length, and the key usage.
 */
export class CertificateVerifier {
  readonly #roots: readonly Certificate[];
  readonly #usage: string;

  constructor(roots: readonly Certificate[], usage: string = extendedKeyUsage.clientAuth) {
    this.#roots = roots;
    this.#usage = usage;
  }

  /** The leaf of `chain` (DER, leaf first) when it leads to an authority at `nowMs`; throws CertificateError otherwise. */
  verify(chain: readonly Uint8Array[], nowMs: number): Certificate {
    const [leaf, ...intermediates] = parseChain(chain);
    if (leaf === undefined) throw new CertificateError('x509: no certificate was sent');
    checkCommon(leaf, nowMs, this.#usage);
    const search = new ChainSearch(this.#roots, intermediates, nowMs, this.#usage);
    if (!search.leadsToRoot(leaf, 0)) {
      throw new CertificateError(search.refusal ?? 'x509: certificate signed by unknown authority');
    }
    return leaf;
  }
}

function parseChain(chain: readonly Uint8Array[]): Certificate[] {
  if (chain.length > intermediatesMax + 1)
    throw new CertificateError(`x509: a chain of ${chain.length} certificates is too long`);
  try {
    return chain.map(parseCertificate);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new CertificateError(`x509: malformed certificate: ${error.message}`, { cause: error });
  }
}

/** Throws when this certificate cannot be part of a chain at all. */
function checkCommon(certificate: Certificate, nowMs: number, usage: string): void {
  const problem = commonProblem(certificate, nowMs, usage);
  if (problem !== null) throw new CertificateError(problem);
}

function commonProblem(certificate: Certificate, nowMs: number, usage: string): string | null {
  if (nowMs < certificate.notBeforeMs || nowMs > certificate.notAfterMs)
    return 'x509: certificate has expired or is not yet valid';
  if (certificate.unknownCritical.length > 0)
    return `x509: unhandled critical extension ${certificate.unknownCritical.join(', ')}`;
  const usages = certificate.extendedKeyUsages;
  if (usages !== null && !usages.includes(usage) && !usages.includes(extendedKeyUsage.any))
    return 'x509: certificate specifies an incompatible key usage';
  return null;
}

class ChainSearch {
  readonly #roots: readonly Certificate[];
  readonly #intermediates: readonly Certificate[];
  readonly #nowMs: number;
  readonly #usage: string;
  readonly #used = new Set<Certificate>();
  #signatureChecks = 0;
  /** Why the last possible issuer was no good. */
  refusal: string | null = null;

  constructor(
    roots: readonly Certificate[],
    intermediates: readonly Certificate[],
    nowMs: number,
    usage: string,
  ) {
    this.#roots = roots;
    this.#intermediates = intermediates;
    this.#nowMs = nowMs;
    this.#usage = usage;
  }

  /** `depth` is how many authorities are below the issuer that is looked for. */
  leadsToRoot(certificate: Certificate, depth: number): boolean {
    if (this.#roots.some((root) => sameBytes(root.der, certificate.der))) return true;
    if (this.#roots.some((root) => this.#isIssuer(root, certificate, depth))) return true;
    if (depth >= intermediatesMax) return false;
    for (const candidate of this.#intermediates) {
      if (this.#used.has(candidate) || !this.#isIssuer(candidate, certificate, depth)) continue;
      this.#used.add(candidate);
      if (this.leadsToRoot(candidate, depth + 1)) return true;
      this.#used.delete(candidate);
    }
    return false;
  }

  #isIssuer(issuer: Certificate, certificate: Certificate, depth: number): boolean {
    if (!sameBytes(issuer.subjectRaw, certificate.issuerRaw)) return false;
    const problem = issuerProblem(issuer, depth) ?? commonProblem(issuer, this.#nowMs, this.#usage);
    if (problem !== null) {
      this.refusal = problem;
      return false;
    }
    if (++this.#signatureChecks > signatureChecksMax) {
      this.refusal = 'x509: too many signatures to check';
      return false;
    }
    return certificate.native.verify(issuer.native.publicKey);
  }
}

function issuerProblem(issuer: Certificate, depth: number): string | null {
  if (!issuer.isAuthority || !issuer.maySignCertificates)
    return 'x509: certificate is not authorized to sign other certificates';
  if (issuer.pathLengthMax !== null && depth > issuer.pathLengthMax)
    return 'x509: too many intermediates for path length constraint';
  return null;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
