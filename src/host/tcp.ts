import { createServer, connect as netConnect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { listenErrorOf } from './listen-error.js';
import type { Address } from './net.js';

/** A connection whose directions end apart from each other. */
export interface TcpConnection {
  readonly stream: Duplex;
  /** Who connected; an address of IPv4 is written as such. */
  readonly remoteHost: string;
  /** Ends it so that the other side knows that not all was well. */
  reset(): void;
}

/** Something that accepts connections. */
export interface TcpAcceptor {
  readonly port: number;
  /** Accepts no more; connections go on. */
  close(): Promise<void>;
}

const keepAliveDelayMs = 60_000;

/** Accepts connections, `connectionsMax` at a time; more are closed at once. Rejects with ListenError. */
export function acceptTcp(
  { host, port }: Address,
  { connectionsMax }: { readonly connectionsMax: number },
  onConnection: (connection: TcpConnection) => void,
): Promise<TcpAcceptor> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  server.maxConnections = connectionsMax;
  server.on('connection', (socket) => {
    adopt(socket);
    const remoteHost = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    onConnection({ stream: socket, remoteHost, reset: () => socket.resetAndDestroy() });
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenErrorOf(`${host}:${port}`, error)));
    server.listen({ host, port, ipv6Only: host.includes(':'), backlog: 1024 }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {}); // A connection that could not be accepted; others can.
      const bound = server.address();
      resolve({
        port: typeof bound === 'object' && bound !== null ? bound.port : port,
        close: () =>
          new Promise((done) => {
            server.close();
            // It calls back only after its last connection has ended.
            done();
          }),
      });
    });
  });
}

/** Connects. Rejects with the system's error, or when it takes longer than `timeoutMs`. */
export function openTcp(address: Address, timeoutMs: number): Promise<TcpConnection> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({ ...address, allowHalfOpen: true, noDelay: true });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const onTimeout = () => {
      // An answer that came while this process stood still is read in this turn.
      setImmediate(() => {
        if (socket.connecting) {
          fail(new Error(`no answer from ${address.host} in ${timeoutMs} ms`));
        }
      });
    };
    socket.setTimeout(timeoutMs, onTimeout);
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('timeout', onTimeout);
      socket.off('error', fail);
      adopt(socket);
      resolve({
        stream: socket,
        remoteHost: address.host,
        reset: () => socket.resetAndDestroy(),
      });
    });
  });
}

/**
 * Passes on what comes on either side, until both directions have ended. Streams wait for each other: what is not taken on one side is
 * not read on the other.
 */
export function joinTcp(a: TcpConnection, b: TcpConnection): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.stream.pipe(to.stream);
    from.stream.once('error', () => to.reset());
    from.stream.once('close', () => {
      // Without an end it was cut off, and the other side is to know.
      if (!from.stream.readableEnded) to.reset();
    });
  }
}

/** A peer that vanished is noticed, and a failure before anybody listens for it is none of the process. */
function adopt(socket: Socket): void {
  socket.setKeepAlive(true, keepAliveDelayMs);
  socket.on('error', () => {});
}
