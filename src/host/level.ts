import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import type { DbRange, DbSnapshot, DbWrite, OrderedDb, OrderedDbHome } from '../base/ordered-db.js';
import { logsAreUnbroken } from './level-log.js';

/** Why a member's database cannot be opened. */
export type LevelOpenErrorCode =
  /** LevelDB found its files damaged. */
  | 'damaged'
  /** The folder that `current` names is not there. */
  | 'missing'
  /** Another process has it open. */
  | 'locked'
  /** The file system refused. */
  | 'io';

/** The database cannot be opened. The message says what to do. */
export class LevelOpenError extends Error {
  override readonly name = 'LevelOpenError';
  readonly code: LevelOpenErrorCode;
  constructor(code: LevelOpenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The member's databases in folder `dir`, which is made when absent (docs/internals/data-layout.md, "Folder"). */
export function openLevelHome(dir: string): OrderedDbHome {
  return new LevelHome(dir);
}

const pointerName = 'current';
const folderPattern = /^level-(\d+)$/;

class LevelHome implements OrderedDbHome {
  readonly #dir: string;
  #current: LevelDb | null = null;
  #replacement: LevelDb | null = null;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async openCurrent(): Promise<OrderedDb> {
    await mkdir(this.#dir, { recursive: true });
    const name = await this.#readPointer();
    await this.#removeOthers(name);
    if (name !== null) {
      this.#current = await LevelDb.open(this.#dir, name, { create: false });
      return this.#current;
    }
    const first = 'level-1';
    this.#current = await LevelDb.open(this.#dir, first, { create: true });
    // An empty synced batch: LevelDB's files are in place before anything names them.
    await this.#current.write([], { sync: true });
    await syncDir(join(this.#dir, first));
    await this.#writePointer(first);
    return this.#current;
  }

  async openReplacement(): Promise<OrderedDb> {
    await this.#replacement?.close();
    this.#replacement = null;
    await this.#removeOthers(this.#current?.name ?? (await this.#readPointer()));
    const last = this.#current === null ? 0 : Number(folderPattern.exec(this.#current.name)?.[1]);
    this.#replacement = await LevelDb.open(this.#dir, `level-${last + 1}`, { create: true });
    return this.#replacement;
  }

  async promote(replacement: OrderedDb): Promise<void> {
    const next = this.#replacement;
    if (next === null || next !== replacement) {
      throw new Error('promote takes the database that openReplacement returned last');
    }
    const old = this.#current;
    await syncDir(join(this.#dir, next.name));
    await this.#writePointer(next.name);
    this.#current = next;
    this.#replacement = null;
    if (old === null) return;
    await old.close();
    await rm(join(this.#dir, old.name), { recursive: true, force: true });
  }

  /** The folder in use, or null when there is none yet. */
  async #readPointer(): Promise<string | null> {
    let text: string;
    try {
      text = await readFile(join(this.#dir, pointerName), 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw openError('io', join(this.#dir, pointerName), cause);
    }
    const name = text.trim();
    if (!folderPattern.test(name)) throw openError('damaged', join(this.#dir, pointerName), null);
    return name;
  }

  async #writePointer(name: string): Promise<void> {
    const temporary = join(this.#dir, `${pointerName}.tmp`);
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(`${name}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(this.#dir, pointerName));
    await syncDir(this.#dir);
  }

  async #removeOthers(kept: string | null): Promise<void> {
    for (const name of await readdir(this.#dir)) {
      if (folderPattern.test(name) && name !== kept) {
        await rm(join(this.#dir, name), { recursive: true, force: true });
      }
    }
  }
}

const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
/** Entries and bytes of one step of an iteration. */
const stepEntries = 1000;
const stepBytes = 256 * 1024;

/**
 * A memtable of this size ends LevelDB's log file, and the next one begins. Small, because a table is synced as a whole, and the
 * log's sync waits behind it.
 */
const writeBufferBytes = 4 * 1024 * 1024;
/** Log files are synced after this many bytes, so that the end of an earlier one is not lost alone. */
const logSyncBytes = writeBufferBytes / 4;

type Bytes = Level<Uint8Array, Uint8Array>;

type LevelSnapshot = ReturnType<Bytes['snapshot']>;
type Step = readonly (readonly [key: Uint8Array, value: Uint8Array])[];

class LevelDb implements OrderedDb {
  readonly name: string;
  readonly #dir: string;
  readonly #level: Bytes;
  /** The write in flight: classic-level would run two at once on two threads, in any order. */
  #lastWrite: Promise<void> = Promise.resolve();
  /** Bytes written since all log files were synced. */
  #unsyncedBytes = 0;

  private constructor(dir: string, name: string) {
    this.name = name;
    this.#dir = join(dir, name);
    this.#level = new Level(this.#dir, {
      ...encodings,
      cacheSize: 32 * 1024 * 1024,
      writeBufferSize: writeBufferBytes,
      maxFileSize: 8 * 1024 * 1024,
    });
  }

  static async open(dir: string, name: string, options: { create: boolean }): Promise<LevelDb> {
    const path = join(dir, name);
    if (!options.create) {
      // Before anything is made of the package's: a Level opens itself in the next turn.
      if (!(await exists(join(path, 'CURRENT')))) throw openError('missing', path, null);
      if (!(await logsAreUnbroken(path))) {
        throw openError('damaged', path, new Error('a batch in the middle is lost'));
      }
    }
    const db = new LevelDb(dir, name);
    try {
      await db.#level.open({ createIfMissing: options.create });
    } catch (error) {
      const cause = (error as Error).cause ?? error;
      throw openError(openCodeOf(cause), path, cause);
    }
    return db;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#level.get(key);
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    return this.#level.getSync(key);
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#level.getMany(keys as Uint8Array[]);
  }

  iterate(range: DbRange): AsyncIterable<Step> {
    return iterate(this.#level, range, undefined);
  }

  write(batch: readonly DbWrite[], options: { readonly sync: boolean }): Promise<void> {
    const result = this.#lastWrite.then(() => this.#write(batch, options));
    this.#lastWrite = result;
    // Whoever called sees the failure; later writes fail with it too.
    result.catch(() => {});
    return result;
  }

  snapshot(): DbSnapshot {
    const snapshot = this.#level.snapshot();
    return {
      iterate: (range) => iterate(this.#level, range, snapshot),
      close: () => snapshot.close(),
    };
  }

  async sizeBytes(): Promise<number> {
    let total = 0;
    for (const name of await readdir(this.#dir)) {
      // Files come and go while LevelDB compacts.
      total += await stat(join(this.#dir, name)).then(
        (file) => file.size,
        () => 0,
      );
    }
    return total;
  }

  compactRange(range: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Promise<void> {
    const level = this.#level as Bytes & {
      compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
    };
    return level.compactRange(range.gte, range.lt);
  }

  async close(): Promise<void> {
    await this.#lastWrite.catch(() => {});
    await this.#level.close();
  }

  /** A chained batch takes 0.5 us a write, an array of operations 7 to 15 us. */
  async #write(batch: readonly DbWrite[], options: { readonly sync: boolean }): Promise<void> {
    const chain = this.#level.batch();
    for (const write of batch) {
      this.#unsyncedBytes += write.key.length;
      if (write.kind === 'put') {
        this.#unsyncedBytes += write.value.length;
        chain.put(write.key, write.value);
      } else chain.del(write.key);
    }
    // Unsynced in any case: all log files are synced below.
    await chain.write();
    if (options.sync || this.#unsyncedBytes >= logSyncBytes) await this.#syncLogs();
  }

  /**
   * LevelDB's own synced write syncs the log file that it is in, but not an earlier one whose memtable is still on its way
   * into a table. So every log file is synced here. One that vanishes meanwhile is in a table, which LevelDB syncs.
   */
  async #syncLogs(): Promise<void> {
    this.#unsyncedBytes = 0;
    for (const name of await readdir(this.#dir)) {
      if (!name.endsWith('.log')) continue;
      const file = await open(join(this.#dir, name), 'r').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      if (file === null) continue;
      try {
        await file.datasync();
      } finally {
        await file.close();
      }
    }
  }
}

/**
 * Entries in steps. From the second one on, the next step is read on another thread while the caller looks at the present
 * one: what ends after one step is not worth a second read.
 */
async function* iterate(
  level: Bytes,
  range: DbRange,
  snapshot: LevelSnapshot | undefined,
): AsyncGenerator<Step> {
  const iterator = level.iterator({
    gte: range.gte,
    lt: range.lt,
    reverse: range.reverse ?? false,
    limit: range.limit ?? -1,
    highWaterMarkBytes: stepBytes,
    fillCache: false,
    snapshot,
  } as object);
  let next: Promise<Step> | null = null;
  try {
    for (let isFirst = true; ; isFirst = false) {
      const step: Step = await (next ?? iterator.nextv(stepEntries));
      next = null;
      if (step.length === 0) return;
      if (!isFirst) {
        next = iterator.nextv(stepEntries);
        // Its failure is thrown when it is waited for; when the caller stops before, it is of no interest.
        next.catch(() => {});
      }
      yield step;
    }
  } finally {
    // Waits for the read that is under way.
    await iterator.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function syncDir(path: string): Promise<void> {
  const dir = await open(path, 'r');
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

function openCodeOf(cause: unknown): LevelOpenErrorCode {
  const { code = '', message = '' } = cause as { code?: string; message?: string };
  if (code === 'LEVEL_LOCKED') return 'locked';
  if (code === 'LEVEL_CORRUPTION' || code === 'LEVEL_NOT_FOUND') return 'damaged';
  // LevelDB calls a table or manifest that is missing an invalid argument or an I/O error.
  return /corrupt|missing|no such file|does not exist/i.test(message) ? 'damaged' : 'io';
}

function openError(code: LevelOpenErrorCode, path: string, cause: unknown): LevelOpenError {
  const advice = {
    damaged:
      'move its parent folder away and start again: the state is rebuilt from the other members',
    missing:
      'put it back, or move its parent folder away and start again: the state is rebuilt from the other members',
    locked:
      'another process uses it: stop that process, or give this member a data directory of its own',
    io: 'check the disk and the permissions of the folder, then start again',
  }[code];
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  return new LevelOpenError(code, `cannot open the database '${path}'${reason}: ${advice}`, {
    cause,
  });
}
