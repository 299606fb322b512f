import * as net from 'node:net';

/** A name that this process holds. */
export interface HeldName {
  /** Lets another process have it. */
  release(): Promise<void>;
}

/**
 * Holds a name for this process alone. Resolves with null when another process (or this one) holds it already, or rejects with the system's
 * error. Who asks the holder is told `answer`.
 *
 * Node has no file locks, and a file with a process id is stale after kill -9 and raced for when two processes find it so. A bound socket is
 * neither: the kernel lets one process bind a name and frees it when that process is gone, however it went. Names are in Linux's abstract
 * namespace, of which each network namespace has its own. Other systems have none, and every name is held at once.
 */
export async function holdName(name: string, answer = ''): Promise<HeldName | null> {
  if (process.platform !== 'linux') return { release: async () => undefined };
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(answer);
  });
  server.unref();
  try {
    await listening(server, pathOf(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null;
    throw error;
  }
  return { release: () => closed(server) };
}

/** The holder answers within this time, or not at all. */
const answerMs = 500;

/** What the holder of a name says; '' when it is too busy to answer, or gone by now. */
export function askHolder(name: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect({ path: pathOf(name) });
    const finish = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(answerMs, finish);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.once('error', finish);
    socket.once('end', finish);
  });
}

function pathOf(name: string): string {
  return `\0${name}`;
}

function listening(server: net.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: net.Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
  });
}
