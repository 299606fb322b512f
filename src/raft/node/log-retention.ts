import type { RaftCore } from '../core/index.js';
import type { Index } from '../core/types.js';
import type { AppliedEntry, StateMachine } from './contracts.js';

/** How long the log is kept. */
export interface LogRetentionOptions {
  readonly core: RaftCore;
  readonly stateMachine: Pick<StateMachine<unknown>, 'appliedIndex' | 'durableIndex' | 'sync'>;
  /** Releases the log on disk up to an index. */
  readonly release: (index: Index) => Promise<void>;
  /** Entries from here on are needed by a follower that is taking a snapshot; Infinity when none is. */
  readonly keepFrom: () => Index;
  /** Applied entries kept for followers that lag: as many as both bounds allow. */
  readonly catchUpEntries: number;
  readonly catchUpBytes: number;
  /** The state is synced, and the log cut, after this many applied entries or bytes. */
  readonly syncAfterEntries: number;
  readonly syncAfterBytes: number;
  /** Seeded defect: release what no synced state covers. */
  readonly releaseUnsynced: boolean;
  readonly onFatal: (error: unknown) => void;
}

/**
 * Releases the log behind the state machine. An entry may go only when the applied state that contains it survives a
 * crash: state is written without sync, so from time to time it is synced, and the log is cut behind that point.
 */
export class LogRetention {
  readonly #options: LogRetentionOptions;
  /** Applied since the last sync began. */
  #entries = 0;
  #bytes = 0;
  /** Applied batches that may be kept for lagging followers, oldest first, and their sum. */
  #kept: { readonly lastIndex: Index; readonly entries: number; readonly bytes: number }[] = [];
  #keptEntries = 0;
  #keptBytes = 0;
  /** Everything up to here is beyond the catch-up bounds. */
  #beyond: Index = 0;
  #running = false;

  constructor(options: LogRetentionOptions) {
    this.#options = options;
  }

  /** A batch has been applied. */
  onApplied(batch: readonly AppliedEntry[]): void {
    this.#count(batch);
    const { syncAfterEntries, syncAfterBytes, onFatal } = this.#options;
    if (this.#running) return;
    if (this.#entries < syncAfterEntries && this.#bytes < syncAfterBytes) return;
    this.#entries = 0;
    this.#bytes = 0;
    this.#running = true;
    this.#release().then(() => {
      this.#running = false;
    }, onFatal);
  }

  #count(batch: readonly AppliedEntry[]): void {
    let bytes = 0;
    for (const entry of batch) bytes += entry.data.length;
    this.#entries += batch.length;
    this.#bytes += bytes;
    this.#keptEntries += batch.length;
    this.#keptBytes += bytes;
    const lastIndex = batch[batch.length - 1]?.index ?? 0;
    this.#kept.push({ lastIndex, entries: batch.length, bytes });
  }

  async #release(): Promise<void> {
    const { core, stateMachine, keepFrom, releaseUnsynced } = this.#options;
    const durable = releaseUnsynced ? stateMachine.appliedIndex : await stateMachine.sync();
    const upTo = Math.min(durable, this.#lagging(), keepFrom() - 1);
    if (upTo <= 0) return;
    core.compact(upTo);
    await this.#options.release(upTo);
  }

  /** The newest index that no lagging follower is owed. */
  #lagging(): Index {
    const { catchUpEntries, catchUpBytes } = this.#options;
    let drop = 0;
    for (const { lastIndex, entries, bytes } of this.#kept) {
      if (this.#keptEntries <= catchUpEntries && this.#keptBytes <= catchUpBytes) break;
      this.#keptEntries -= entries;
      this.#keptBytes -= bytes;
      this.#beyond = lastIndex;
      drop++;
    }
    this.#kept.splice(0, drop);
    return this.#beyond;
  }
}
