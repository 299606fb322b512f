import * as fs from 'node:fs';
import * as net from 'node:net';
import { DiskError } from '../base/disk.js';
import { toDiskError } from './disk-error.js';

/** A data directory that this process holds. */
export interface DataDirLock {
  /** Lets another process have it. */
  release(): Promise<void>;
}

/** Another living process holds the data directory. */
export class DataDirLockedError extends Error {
  override readonly name = 'DataDirLockedError';
  readonly code = 'data-dir-locked';

  constructor(dir: string, holder: string) {
    super(
      `data directory '${dir}' is in use by ${holder}: stop that process, or start this one with a directory of its own`,
    );
  }
}

/** The holder answers who it is within this time, or remains unnamed. */
const answerMs = 500;

/**
 * Holds a data directory, which must exist, for this process alone. Throws {@link DataDirLockedError} or DiskError.
 *
 * Node has no file locks, and a file with a process id is stale after kill -9 and raced for when two processes find it so.
 * A bound socket is neither: the kernel lets one process bind a name and frees it when that process is gone, however it
 * went. The name is in Linux's abstract namespace, made of the directory's device and inode, so that every path to the
 * directory leads to the same name. It is seen within one network namespace; across containers that share a directory
 * LevelDB's own lock, taken a moment later, refuses. Other systems have no such namespace and rely on LevelDB's alone.
 */
export async function lockDataDir(dir: string): Promise<DataDirLock> {
  if (process.platform !== 'linux') return { release: async () => undefined };
  const name = socketNameOf(dir);
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(`process ${process.pid}`);
  });
  server.unref();
  try {
    await listening(server, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
      throw toDiskError('lock', dir, error);
    }
    throw new DataDirLockedError(dir, await holderOf(name));
  }
  return { release: () => closed(server) };
}

function socketNameOf(dir: string): string {
  try {
    const { dev, ino } = fs.statSync(dir, { bigint: true });
    return `\0flotilla-data-dir-${dev}-${ino}`;
  } catch (error) {
    throw toDiskError('lock', dir, error);
  }
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
    server.close((error) => {
      if (error) reject(new DiskError('io', 'cannot unlock the data directory', { cause: error }));
      else resolve();
    });
  });
}

/** Asks the holder; one that is too busy to answer, or gone by now, is "another process". */
function holderOf(path: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect({ path });
    const finish = () => {
      socket.destroy();
      resolve(answer === '' ? 'another process' : answer);
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
