import type { X509Certificate } from 'node:crypto';
import { lstat, rm } from 'node:fs/promises';
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import {
  createSecureContext,
  createServer as createTlsServer,
  type SecureContextOptions,
  TLSSocket,
  Server as TlsServer,
  connect as tlsConnect,
} from 'node:tls';
import { assert } from '../base/assert.js';
import { listenErrorOf } from './listen-error.js';
import { connectLocal } from './local-socket.js';

/** A host and port to listen on or connect to; an IPv6 address without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A Unix socket to listen on or connect to; a path without a leading `/` is relative to the working directory. */
export interface LocalAddress {
  readonly path: string;
}

/** Where streams come from or go to. */
export type StreamAddress = Address | LocalAddress;

/** TLS material in PEM. With `ca` and `requireClientCert`, both sides show a certificate that `ca` signed. */
export interface TlsMaterial {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly requireClientCert?: boolean;
  readonly rejectUnauthorized?: boolean;
  /** What is shown when connecting, when that is another than `cert`. Both or none. */
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  /** OpenSSL's names, joined with `:`. */
  readonly ciphers?: string;
  /** Says why a client whose certificate `ca` signed is turned away all the same; null: it is not. */
  readonly refuses?: CertificateRefusal;
}

/** Versions of TLS that may be spoken. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** Why a certificate that its authority vouches for is not good enough; null: it is. */
export type CertificateRefusal = (certificate: X509Certificate) => string | null;

/** Somebody who was turned away during the TLS handshake, or right after it. */
export interface RejectedConnection {
  readonly remote: string;
  readonly why: string;
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
  /**
   * Takes other certificates, authorities and refusals into use for the streams that come from now on; whether certificates are asked
   * for stays as it is. Throws when they cannot be used, changing nothing. Only where TLS was given.
   */
  setTls(tls: TlsMaterial): void;
  close(): Promise<void>;
}

/** Listens for streams. Rejects with ListenError. */
export function listenStreams(
  address: StreamAddress,
  tls: TlsMaterial | null,
  onStream: (stream: ByteStream) => ByteStreamHandler,
  onRejected: (rejected: RejectedConnection) => void = () => {},
): Promise<StreamListener> {
  const sockets = new Set<Socket>();
  let refuses = tls?.refuses;
  const onSocket = (socket: Socket) => {
    const why = socket instanceof TLSSocket ? refusalOf(socket, refuses) : null;
    if (why !== null) {
      const remote = remoteOf(socket);
      socket.on('error', () => {});
      socket.destroy();
      onRejected({ remote, why });
      return;
    }
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
            ...protocolOf(tls),
            requestCert: tls.requireClientCert === true,
            rejectUnauthorized: tls.requireClientCert === true,
          },
          onSocket,
        );
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    onRejected({ remote: remoteOf(socket), why: error.message });
    socket.destroy();
  });
  return listen(server, address).then((port) => ({
    port,
    setTls(changed) {
      assert(server instanceof TlsServer, 'only a TLS listener has certificates');
      server.setSecureContext({ ...pem(changed), ...protocolOf(changed) });
      refuses = changed.refuses;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  }));
}

/** Why a certificate and a key, as PEM, cannot be used together, in OpenSSL's words; null: they can. */
export function pairProblem(pair: { readonly cert: string; readonly key: string }): string | null {
  try {
    createSecureContext(pair);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Why a client whose TLS handshake went well is turned away, or null. */
export function refusalOf(
  socket: TLSSocket,
  refuses: CertificateRefusal | undefined,
): string | null {
  if (refuses === undefined) return null;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? 'no client certificate' : refuses(certificate);
}

/**
 * Starts to listen; resolves with the port, 0 for a Unix socket. One that a dead process left is replaced. Rejects with ListenError
 * that names the address, or `name` for it, and what to do.
 */
export async function listen(
  server: Server,
  address: StreamAddress,
  name?: string,
): Promise<number> {
  if ('path' in address) await removeUnused(address.path);
  return new Promise((resolve, reject) => {
    const where = name ?? ('path' in address ? address.path : urlHost(address));
    server.once('error', (error) => reject(listenErrorOf(where, error)));
    server.listen({ ...address, backlog: 1024 }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
    });
  });
}

/** Connects; `onConnect` comes before any data. A failure shows as `onClose`. */
export function connectStream(
  address: StreamAddress,
  tls: TlsMaterial | null,
  handler: ByteStreamHandler & { onConnect(): void },
): ByteStream {
  const socket =
    tls === null
      ? netConnect({ ...address, noDelay: true })
      : tlsConnect({
          ...address,
          ...('path' in address ? { servername: 'localhost' } : {}),
          ...pem({ ...tls, ...clientPair(tls) }),
          ...protocolOf(tls),
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
    remote: remoteOf(socket),
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
    // Of a Unix socket, the file is gone with the process that has ended well.
    const refused = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
    reason = { refused, message: error.message };
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

function clientPair({ clientCert, clientKey }: TlsMaterial): { cert?: string; key?: string } {
  if (clientCert === undefined || clientKey === undefined) return {};
  return { cert: clientCert, key: clientKey };
}

function protocolOf({ minVersion, maxVersion, ciphers }: TlsMaterial): SecureContextOptions {
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
  };
}

function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? '?'}:${remotePort ?? 0}`;
}

/** A Unix socket stays behind in its folder when its process is killed. */
async function removeUnused(path: string): Promise<void> {
  const isUsed = await connectLocal(path).then(
    (stream) => {
      stream.destroy();
      return true;
    },
    () => false,
  );
  const isSocket = (await lstat(path).catch(() => null))?.isSocket() === true;
  if (!isUsed && isSocket) await rm(path, { force: true });
}

/** As in a URL: an IPv6 address in brackets. */
function urlHost({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
