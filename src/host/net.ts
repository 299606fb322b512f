import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls';
import { listenErrorOf } from './listen-error.js';

/** A host and port to listen on or connect to; an IPv6 address without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** TLS material in PEM. With `ca` and `requireClientCert`, both sides show a certificate that `ca` signed. */
export interface TlsMaterial {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly requireClientCert?: boolean;
  readonly rejectUnauthorized?: boolean;
}

/** A two-way stream of bytes. */
export interface ByteStream {
  readonly remote: string;
  /** Queues chunks in order, in one write. */
  write(chunks: readonly Uint8Array[]): void;
  /** Bytes that the operating system has not taken yet. */
  readonly queuedBytes: number;
  /** Closes at once; `onClose` follows. */
  destroy(): void;
}

/** What a stream's owner is told. */
export interface ByteStreamHandler {
  onData(chunk: Uint8Array): void;
  /** Called once; `refused`: nobody listens there. */
  onClose(reason: { readonly refused: boolean; readonly message: string }): void;
}

/** Something that listens. */
export interface StreamListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens for streams. Rejects with ListenError. */
export function listenStreams(
  address: Address,
  tls: TlsMaterial | null,
  onStream: (stream: ByteStream) => ByteStreamHandler,
): Promise<StreamListener> {
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    adopt(socket, onStream);
  };
  const server =
    tls === null
      ? createServer({ noDelay: true }, onSocket)
      : createTlsServer(
          {
            ...pem(tls),
            requestCert: tls.requireClientCert === true,
            rejectUnauthorized: tls.requireClientCert === true,
          },
          onSocket,
        );
  return listen(server, address).then((port) => ({
    port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  }));
}

/** Starts to listen; resolves with the port. Rejects with ListenError that names the address and what to do. */
export function listen(server: Server, address: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    const where = urlHost(address);
    server.once('error', (error) => reject(listenErrorOf(where, error)));
    server.listen({ host: address.host, port: address.port, backlog: 1024 }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port);
    });
  });
}

/** Connects; `onConnect` comes before any data. A failure shows as `onClose`. */
export function connectStream(
  address: Address,
  tls: TlsMaterial | null,
  handler: ByteStreamHandler & { onConnect(): void },
): ByteStream {
  const target = { host: address.host, port: address.port };
  const socket =
    tls === null
      ? netConnect({ ...target, noDelay: true })
      : tlsConnect({
          ...target,
          ...pem(tls),
          rejectUnauthorized: tls.rejectUnauthorized !== false,
        });
  socket.once(tls === null ? 'connect' : 'secureConnect', () => {
    socket.setNoDelay(true);
    handler.onConnect();
  });
  return adopt(socket, () => handler);
}

const keepAliveDelayMs = 5000;

function adopt(socket: Socket, onStream: (stream: ByteStream) => ByteStreamHandler): ByteStream {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveDelayMs);
  const stream: ByteStream = {
    remote: `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`,
    write(chunks) {
      if (socket.destroyed) return;
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    },
    get queuedBytes() {
      return socket.writableLength;
    },
    destroy: () => socket.destroy(),
  };
  const handler = onStream(stream);
  let reason = { refused: false, message: 'closed' };
  socket.on('error', (error: NodeJS.ErrnoException) => {
    reason = { refused: error.code === 'ECONNREFUSED', message: error.message };
  });
  socket.on('data', (chunk: Uint8Array) => handler.onData(chunk));
  socket.on('close', () => handler.onClose(reason));
  return stream;
}

function pem(tls: TlsMaterial): { cert?: string; key?: string; ca?: string } {
  return {
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
}

/** As in a URL: an IPv6 address in brackets. */
function urlHost({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
