import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls';

/** How many certificates of a chain are looked at. */
const chainLengthMax = 10;

/** What is known of a connection whatever it carries. Each fact is found out once, when it is first asked for. */
export class Transport {
  readonly #duplex: Duplex;
  #remoteAddress: string | null = null;
  #peerCertificates: readonly Uint8Array[] | null = null;

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
  }

  get isTls(): boolean {
    return this.#duplex instanceof TLSSocket;
  }

  /** Address and port of the other side. */
  get remoteAddress(): string {
    this.#remoteAddress ??= remoteAddressOf(this.#duplex);
    return this.#remoteAddress;
  }

  /** DER of the certificates that the other side sent, leaf first. */
  get peerCertificates(): readonly Uint8Array[] {
    this.#peerCertificates ??= this.#duplex instanceof TLSSocket ? chainOf(this.#duplex) : none;
    return this.#peerCertificates;
  }
}

const none: readonly Uint8Array[] = [];

function remoteAddressOf(duplex: Duplex): string {
  if (!(duplex instanceof Socket) || duplex.remoteAddress === undefined) return 'unknown';
  const { remoteAddress, remotePort } = duplex;
  return remoteAddress.includes(':')
    ? `[${remoteAddress}]:${remotePort}`
    : `${remoteAddress}:${remotePort}`;
}

function chainOf(socket: TLSSocket): readonly Uint8Array[] {
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
