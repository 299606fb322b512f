import { createSocket, type RemoteInfo } from 'node:dgram';
import type { Address } from './net.js';

/** A socket for datagrams. */
export interface DatagramSocket {
  readonly port: number;
  /** Hands a datagram to the network, which may lose it. */
  send(bytes: Uint8Array, to: Address): void;
  close(): void;
}

/** What a socket is to be like. */
export interface DatagramOptions {
  /** Others that share it may be open on its port at other addresses; the one of the closest address gets a datagram. */
  readonly sharesPort?: boolean;
  /** `::` is not for addresses of IPv4 too. */
  readonly isOneFamily?: boolean;
}

/** Opens a socket: on an address, or where the system likes (port 0). Rejects with the system's error. */
export function openDatagrams(
  address: Address,
  onDatagram: (bytes: Uint8Array, from: Address) => void,
  { sharesPort = false, isOneFamily = false }: DatagramOptions = {},
): Promise<DatagramSocket> {
  const type = address.host.includes(':') ? 'udp6' : 'udp4';
  const socket = createSocket({
    ...{ type, reuseAddr: sharesPort, ipv6Only: isOneFamily && type === 'udp6' },
  });
  let isOpen = true;
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port: address.port, address: address.host }, () => {
      socket.off('error', reject);
      // What a peer's network reports about an earlier datagram is no news: datagrams get lost.
      socket.on('error', () => {});
      resolve({
        port: socket.address().port,
        send: (bytes, to) => {
          if (isOpen) socket.send(bytes, to.port, to.host, () => {});
        },
        close: () => {
          isOpen = false;
          socket.close();
        },
      });
    });
    socket.on('message', (bytes: Buffer, { address: host, port }: RemoteInfo) =>
      onDatagram(bytes, { host, port }),
    );
  });
}
