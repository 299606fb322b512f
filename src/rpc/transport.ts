import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

/** What is known of a connection whatever it carries. */
export class Transport {
  readonly isTls: boolean;
  /** Address and port of the other side. */
  readonly remoteAddress: string;
  /** DER of the certificates that the other side sent, leaf first. */
  readonly peerCertificates: readonly Uint8Array[];

  constructor(duplex: Duplex) {
    this.isTls = duplex instanceof TLSSocket;
    this.remoteAddress = remoteAddressOf(duplex);
    this.peerCertificates = peerCertificates.get(duplex) ?? none;
  }
}

const none: readonly Uint8Array[] = [];

/** Goes along with connections from who accepts them to who serves them. */
const peerCertificates = new WeakMap<Duplex, readonly Uint8Array[]>();

/** Says, before a connection is served, which certificates the other side has sent. */
export function setPeerCertificates(duplex: Duplex, certificates: readonly Uint8Array[]): void {
  if (certificates.length > 0) peerCertificates.set(duplex, certificates);
}

function remoteAddressOf(duplex: Duplex): string {
  if (!(duplex instanceof Socket) || duplex.remoteAddress === undefined) return 'unknown';
  const { remoteAddress, remotePort } = duplex;
  return remoteAddress.includes(':')
    ? `[${remoteAddress}]:${remotePort}`
    : `${remoteAddress}:${remotePort}`;
}
