import type { Entry } from './plan-entries.js';

/** An entry that takes connections. */
export interface OpenEntry {
  /** Where it listens. */
  readonly port: number;
  /** Starts to listen. Rejects when that cannot be; nothing listens then. */
  open(entry: Entry): Promise<void>;
  /** What changes holds for those who come from now on. */
  update(entry: Entry): void;
  close(): Promise<void>;
}
