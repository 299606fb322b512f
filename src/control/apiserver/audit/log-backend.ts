import type { AuditBackend } from './audit-backend.js';
import type { AuditEntry } from './audit-entry.js';

/** A file of lines. */
export interface LineFile {
  /** Queues a line. Never waits and never throws. */
  write(line: string): void;
  /** Writes what is queued. Whether that went well. */
  flush(): boolean;
}

/** Writes events to a file, a line each. `isStrict`: they are in the file before anything else happens. */
export class LogBackend implements AuditBackend {
  readonly #file: LineFile;
  readonly #lineOf: (entry: AuditEntry) => string;
  readonly #isStrict: boolean;

  constructor(
    file: LineFile,
    {
      lineOf,
      isStrict,
    }: { readonly lineOf: (entry: AuditEntry) => string; readonly isStrict: boolean },
  ) {
    this.#file = file;
    this.#lineOf = lineOf;
    this.#isStrict = isStrict;
  }

  take(entries: readonly AuditEntry[]): boolean {
    for (const entry of entries) this.#file.write(this.#lineOf(entry));
    return this.#isStrict ? this.#file.flush() : true;
  }

  async close(): Promise<void> {
    this.#file.flush();
  }
}
