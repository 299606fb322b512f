import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** When a log file is put aside, and how many that were are kept. */
export interface RotationOptions {
  /** Bytes after which a new file begins; 0 for never. */
  readonly bytesMax: number;
  /** Files put aside that are kept; 0 keeps all. */
  readonly backupsMax: number;
  /** Days that a file put aside is kept; 0 for ever. */
  readonly daysMax: number;
  /** Files put aside are compressed, and get `.gz` behind their name. */
  readonly isCompressed: boolean;
}

const dayMs = 86_400_000;
const compressedSuffix = '.gz';

/**
 * A log file that begins anew when it is full: what was written is renamed to `name-<time>.ext` beside it, and the oldest of these are
 * removed. Lines of one turn of the event loop leave together. An error of the disk is told once and loses lines, nothing else.
 * Compressing happens beside all else; what an end of the process breaks off is done anew by the next one.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #options: RotationOptions;
  readonly #onError: (error: unknown) => void;
  #fd: number;
  #size: number;
  #waiting: string[] = [];
  #hasFailed = false;
  /** When the last file was put aside: no two have the same name. */
  #rotatedMs = 0;
  #isCompressing = false;

  /** Opens or makes the file, readable by its owner alone. Throws the operating system's error. */
  constructor(path: string, options: RotationOptions, onError: (error: unknown) => void) {
    this.#path = path;
    this.#options = options;
    this.#onError = onError;
    this.#fd = openSync(path, 'a', 0o600);
    this.#size = fstatSync(this.#fd).size;
    void this.#compress();
  }

  /** Queues a line. */
  write(line: string): void {
    this.#waiting.push(line);
    if (this.#waiting.length === 1) setImmediate(() => this.flush());
  }

  /** Writes what waits. False: it is lost. */
  flush(): boolean {
    if (this.#waiting.length === 0) return true;
    const text = Buffer.from(`${this.#waiting.join('\n')}\n`);
    this.#waiting = [];
    try {
      const { bytesMax } = this.#options;
      if (bytesMax > 0 && this.#size > 0 && this.#size + text.length > bytesMax) this.#rotate();
      for (let at = 0; at < text.length; ) at += writeSync(this.#fd, text, at);
      this.#size += text.length;
      this.#hasFailed = false;
      return true;
    } catch (error) {
      if (!this.#hasFailed) this.#onError(error);
      this.#hasFailed = true;
      return false;
    }
  }

  /** Writes what waits and closes the file. */
  close(): void {
    this.flush();
    closeSync(this.#fd);
  }

  #rotate(): void {
    const extension = extname(this.#path);
    const stem = this.#path.slice(0, this.#path.length - extension.length);
    this.#rotatedMs = Math.max(Date.now(), this.#rotatedMs + 1);
    const time = new Date(this.#rotatedMs).toISOString().replace(/:/g, '-').replace(/Z$/, '');
    renameSync(this.#path, `${stem}-${time}${extension}`);
    closeSync(this.#fd);
    this.#fd = openSync(this.#path, 'a', 0o600);
    this.#size = 0;
    this.#removeOld();
    void this.#compress();
  }

  /** Compresses all that was put aside, one file after the other; who calls meanwhile is served too. */
  async #compress(): Promise<void> {
    if (!this.#options.isCompressed || this.#isCompressing) return;
    this.#isCompressing = true;
    try {
      const folder = dirname(this.#path);
      for (;;) {
        const next = this.#backups().find((name) => !name.endsWith(compressedSuffix));
        if (next === undefined) break;
        await compressFile(join(folder, next));
      }
      this.#removeOld();
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#isCompressing = false;
    }
  }

  #removeOld(): void {
    const { backupsMax, daysMax } = this.#options;
    const folder = dirname(this.#path);
    const times = new Set<string>();
    for (const name of this.#backups().reverse()) {
      const time = this.#timeOf(name);
      times.add(time);
      const [day = '', clock = ''] = time.split('T');
      const madeMs = Date.parse(`${day}T${clock.replace('-', ':').replace('-', ':')}Z`);
      const isOld = daysMax > 0 && Date.now() - madeMs > daysMax * dayMs;
      if (isOld || (backupsMax > 0 && times.size > backupsMax)) unlinkSync(join(folder, name));
    }
  }

  /** Names of what was put aside, the oldest first. While a file is compressed, it is there twice. */
  #backups(): string[] {
    const pattern = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/;
    return readdirSync(dirname(this.#path))
      .filter((name) => pattern.test(this.#timeOf(name)))
      .sort();
  }

  /** When a file of this name was put aside; '' for other files. */
  #timeOf(name: string): string {
    const extension = extname(this.#path);
    const prefix = `${basename(this.#path, extension)}-`;
    const plain = name.endsWith(compressedSuffix) ? name.slice(0, -compressedSuffix.length) : name;
    if (!plain.startsWith(prefix) || !plain.endsWith(extension)) return '';
    return plain.slice(prefix.length, plain.length - extension.length);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Puts a compressed file in the place of another; until that is whole, both are there. */
async function compressFile(path: string): Promise<void> {
  const compressedPath = `${path}${compressedSuffix}`;
  const compressed = createWriteStream(compressedPath, { mode: 0o600, flush: true });
  try {
    await pipeline(createReadStream(path), createGzip(), compressed);
    rmSync(path, { force: true });
  } catch (error) {
    rmSync(compressedPath, { force: true });
    // It was old enough to be removed meanwhile.
    if (!isMissing(error)) throw error;
  }
}
