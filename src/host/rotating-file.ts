import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

/** When a log file is put aside, and how many that were are kept. */
export interface RotationOptions {
  /** Bytes after which a new file begins; 0 for never. */
  readonly bytesMax: number;
  /** Files put aside that are kept; 0 keeps all. */
  readonly backupsMax: number;
  /** Days that a file put aside is kept; 0 for ever. */
  readonly daysMax: number;
}

const dayMs = 86_400_000;

/**
 * A log file that begins anew when it is full: what was written is renamed to `name-<time>.ext` beside it, and the oldest of these are
 * removed. Lines of one turn of the event loop leave together. An error of the disk is told once and loses lines, nothing else.
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

  /** Opens or makes the file, readable by its owner alone. Throws the operating system's error. */
  constructor(path: string, options: RotationOptions, onError: (error: unknown) => void) {
    this.#path = path;
    this.#options = options;
    this.#onError = onError;
    this.#fd = openSync(path, 'a', 0o600);
    this.#size = fstatSync(this.#fd).size;
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
  }

  #removeOld(): void {
    const { backupsMax, daysMax } = this.#options;
    const folder = dirname(this.#path);
    const extension = extname(this.#path);
    const prefix = `${basename(this.#path, extension)}-`;
    const pattern = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/;
    const timeOf = (name: string) => name.slice(prefix.length, name.length - extension.length);
    const backups = readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && pattern.test(timeOf(name)))
      .sort()
      .reverse();
    for (const [index, name] of backups.entries()) {
      const [day = '', clock = ''] = timeOf(name).split('T');
      const madeMs = Date.parse(`${day}T${clock.replace('-', ':').replace('-', ':')}Z`);
      const isOld = daysMax > 0 && Date.now() - madeMs > daysMax * dayMs;
      if (isOld || (backupsMax > 0 && index >= backupsMax)) unlinkSync(join(folder, name));
    }
  }
}
