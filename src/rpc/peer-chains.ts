import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { toLatin1 } from '../base/bytes.js';

/** How many certificates of a chain are looked at. */
const chainLengthMax = 10;
/** Bytes of a chain that is remembered. */
const chainBytesMax = 16 * 1024;
/** How many are. */
const chainCountMax = 1000;

/**
 * The certificates that clients have sent. A TLS session carries no more than the leaf; of a client that resumes one, the chain
 * is taken that came with that leaf before.
 */
export class PeerChains {
  /** By the DER of the leaf, as latin1; those used last are the last. */
  readonly #byLeaf = new Map<string, readonly Uint8Array[]>();

  /** DER of the certificates of a client whose handshake is done, leaf first. */
  of(socket: TLSSocket): readonly Uint8Array[] {
    const chain = sentBy(socket);
    const [leaf] = chain;
    if (leaf === undefined) return chain;
    const key = toLatin1(leaf);
    if (socket.isSessionReused()) {
      const known = this.#byLeaf.get(key);
      if (known !== undefined) this.#remember(key, known);
      return known ?? chain;
    }
    if (chain.length > 1 && bytesOf(chain) <= chainBytesMax) this.#remember(key, chain);
    return chain;
  }

  #remember(key: string, chain: readonly Uint8Array[]): void {
    this.#byLeaf.delete(key);
    this.#byLeaf.set(key, chain);
    if (this.#byLeaf.size <= chainCountMax) return;
    for (const oldest of this.#byLeaf.keys()) {
      this.#byLeaf.delete(oldest);
      return;
    }
  }
}

function bytesOf(chain: readonly Uint8Array[]): number {
  return chain.reduce((sum, { length }) => sum + length, 0);
}

function sentBy(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < chainLengthMax) {
    chain.push(certificate.raw);
    // The chain of a certificate that signs itself has no end.
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate;
    certificate = issuer === certificate ? undefined : issuer;
  }
  return chain;
}
