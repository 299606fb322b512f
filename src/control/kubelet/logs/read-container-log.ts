import type { Clock } from '../../../base/clock.js';
import type { LogFile, LogFiles } from '../../../host/log-files.js';
import { LineBuffer } from './line-buffer.js';
import { LogChanges } from './log-changes.js';
import type { LogQuery } from './log-query.js';
import { LogText } from './log-text.js';
import { tailStart } from './tail-start.js';

/** A container's log. */
export interface ContainerLog {
  readonly files: LogFiles;
  readonly clock: Clock;
  /** Absolute. */
  readonly path: string;
  readonly query: LogQuery;
  /** Whether the container still writes. */
  readonly isRunning: () => Promise<boolean>;
}

const blockBytes = 64 * 1024;

/**
 * What a container wrote, as far as it is wanted. One that is followed goes on until the container has ended, over files that are moved away
 * under it; leaving the loop or aborting the signal ends it. Rejects with the operating system's error.
 */
export async function* readContainerLog(
  log: ContainerLog,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { files, path, query } = log;
  const text = new LogText(query);
  const lines = new LineBuffer();
  const changes = query.isFollowing ? new LogChanges(log, signal) : null;
  let open: OpenFile | null = null;
  try {
    const file = await files.open(path);
    if (file !== null) open = { file, position: await startOf(file, query) };
    while (!signal.aborted) {
      // Asked before the end of the file is looked for, so that nothing that was written until then is missed.
      const mayGrow = changes !== null && (await log.isRunning());
      const next = changes === null ? null : await successorOf(open?.file ?? null, log);
      if (open !== null) yield* restOf(open, { lines, text }, signal);
      if (text.isFull) return;
      if (next !== null) {
        await open?.file.close();
        open = { file: next, position: 0 };
      } else if (changes === null || !mayGrow) {
        return;
      } else {
        await changes.next();
      }
    }
  } finally {
    changes?.close();
    await open?.file.close();
  }
}

/** A file, and how far it has been read. */
interface OpenFile {
  readonly file: LogFile;
  position: number;
}

/** What is behind the position, which goes on to the end. */
async function* restOf(
  open: OpenFile,
  { lines, text }: { readonly lines: LineBuffer; readonly text: LogText },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  while (!signal.aborted && !text.isFull) {
    const block = await open.file.read(open.position, blockBytes);
    if (block.length === 0) return;
    open.position += block.length;
    const pieces = lines.add(block).flatMap((line) => text.add(line));
    if (pieces.length > 0) yield Buffer.concat(pieces);
  }
}

async function startOf(file: LogFile, { tailLines }: LogQuery): Promise<number> {
  return tailLines === null ? 0 : tailStart(file, await file.size(), tailLines);
}

/** The file that has the name of one that was moved away, or of none; null: there is no other. */
async function successorOf(
  file: LogFile | null,
  { files, path }: ContainerLog,
): Promise<LogFile | null> {
  const inode = await files.inodeOf(path);
  if (inode === null || inode === file?.inode) return null;
  return files.open(path);
}
