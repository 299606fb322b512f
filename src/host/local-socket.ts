import {
  constants,
  createWriteStream,
  open as openCallback,
  type WriteStream,
  watch,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer, Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';

/** Connects to a Unix socket. Rejects with the operating system's error. */
export function connectLocal(path: string): Promise<Duplex> {
  return connected(connect({ path }));
}

/** Connects to a TCP port. Rejects with the operating system's error. */
export function connectTcp(host: string, port: number): Promise<Duplex> {
  return connected(connect({ host, port, allowHalfOpen: true }));
}

/** Something that listens on a Unix socket. */
export interface LocalListener {
  close(): Promise<void>;
}

/** Listens on a Unix socket; one that a dead process left is replaced. Rejects when somebody listens there already. */
export async function listenLocal(
  path: string,
  onConnection: (stream: Duplex) => void,
): Promise<LocalListener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  const bind = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  try {
    await bind();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || (await isAnswered(path))) {
      throw error;
    }
    await rm(path, { force: true });
    await bind();
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/**
 * Reads a FIFO without a thread that waits: it can be opened before anyone writes, and ends when the last writer is gone.
 */
export async function readFifo(path: string): Promise<Readable> {
  const fd = await new Promise<number>((resolve, reject) => {
    openCallback(path, constants.O_RDONLY | constants.O_NONBLOCK, (error, opened) =>
      error === null ? resolve(opened) : reject(error),
    );
  });
  return new Socket({ fd, readable: true, writable: false });
}

/** Writes to a FIFO that somebody reads. Rejects with ENXIO when nobody does. */
export async function writeFifo(path: string): Promise<Socket> {
  const fd = await new Promise<number>((resolve, reject) => {
    openCallback(path, constants.O_WRONLY | constants.O_NONBLOCK, (error, opened) =>
      error === null ? resolve(opened) : reject(error),
    );
  });
  return new Socket({ fd, readable: false, writable: true });
}

/** Appends to a file, which is made when absent. Rejects when it cannot be opened. */
export function openAppend(path: string): Promise<WriteStream> {
  return new Promise((resolve, reject) => {
    const file = createWriteStream(path, { flags: 'a', mode: 0o640 });
    file.once('error', reject);
    file.once('open', () => {
      file.off('error', reject);
      resolve(file);
    });
  });
}

/** Calls back with the name of each entry of a directory that comes, goes or changes. The result ends it. */
export function watchNames(path: string, onName: (name: string | null) => void): () => void {
  const watcher = watch(path, { persistent: false }, (_kind, name) => onName(name));
  watcher.on('error', () => onName(null));
  return () => watcher.close();
}

function connected(socket: Socket): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

async function isAnswered(path: string): Promise<boolean> {
  try {
    const socket = await connectLocal(path);
    socket.destroy();
    return true;
  } catch {
    return false;
  }
}
