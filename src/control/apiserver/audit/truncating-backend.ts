import type { AuditBackend, OnAuditLoss } from './audit-backend.js';
import type { AuditEntry } from './audit-entry.js';

/** How large events and batches of them may be, in bytes of JSON. */
export interface TruncationOptions {
  readonly eventBytesMax: number;
  readonly batchBytesMax: number;
}

/**
 * Keeps what goes to another backend small: events that are too large go without what was sent and answered, or not at all when that
 * does not help, and batches that are too large go in parts.
 */
export class TruncatingBackend implements AuditBackend {
  readonly #inner: AuditBackend;
  readonly #options: TruncationOptions;
  readonly #onLoss: OnAuditLoss;

  constructor(inner: AuditBackend, options: TruncationOptions, onLoss: OnAuditLoss) {
    this.#inner = inner;
    this.#options = options;
    this.#onLoss = onLoss;
  }

  take(entries: readonly AuditEntry[]): boolean | Promise<boolean> {
    const results = this.#batchesOf(entries).map((batch) => this.#inner.take(batch));
    if (results.every((result) => typeof result === 'boolean')) return results.every(Boolean);
    return Promise.all(results).then((all) => all.every(Boolean));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #batchesOf(entries: readonly AuditEntry[]): readonly (readonly AuditEntry[])[] {
    const batches: AuditEntry[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const each of entries) {
      const entry = this.#shortened(each);
      if (entry === null) continue;
      if (bytes + entry.size > this.#options.batchBytesMax) {
        batches.push([]);
        bytes = 0;
      }
      batches.at(-1)?.push(entry);
      bytes += entry.size;
    }
    return batches;
  }

  /** Null: too large even so. */
  #shortened(entry: AuditEntry): AuditEntry | null {
    const { eventBytesMax } = this.#options;
    if (entry.size <= eventBytesMax) return entry;
    const { level } = entry.event;
    const shorter = level === 'Metadata' ? entry : entry.withoutBodies();
    if (shorter.size <= eventBytesMax) return shorter;
    this.#onLoss('truncate', 1, new Error('event is too large even after truncating'));
    return null;
  }
}
