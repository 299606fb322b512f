import type { Clock, Timer } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';

/** How much history is kept without anybody asking for a compaction. */
export type AutoCompactionPolicy =
  /** Revisions older than this many milliseconds go. */
  | { readonly mode: 'periodic'; readonly retentionMs: number }
  /** All but this many newest revisions go. */
  | { readonly mode: 'revision'; readonly retentionRevisions: number };

/** What {@link AutoCompactor} works with. */
export interface AutoCompactorOptions {
  readonly policy: AutoCompactionPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isLeader: () => boolean;
  readonly revision: () => number;
  readonly compactRevision: () => number;
  /** Replicates a compaction. */
  readonly compact: (revision: number) => Promise<void>;
}

const hourMs = 3_600_000;
const revisionModeIntervalMs = 300_000;
const samplesPerPeriod = 10;

/**
 * Compacts history by age or by count (etcd's --auto-compaction-mode). Every member samples; only the leader asks for
 * compactions. By age: every min(retention, 1 h), to the revision that was current one retention ago.
 */
export class AutoCompactor {
  readonly #options: AutoCompactorOptions;
  readonly #intervalMs: number;
  /** Revisions seen, oldest first, at most one retention old. */
  #samples: { readonly at: number; readonly revision: number }[] = [];
  #compactedAt: number;
  #timer: Timer | null = null;

  constructor(options: AutoCompactorOptions) {
    this.#options = options;
    this.#compactedAt = options.clock.now();
    const { policy } = options;
    this.#intervalMs =
      policy.mode === 'revision'
        ? revisionModeIntervalMs
        : Math.min(policy.retentionMs, hourMs) / samplesPerPeriod;
    this.#sample();
    this.#arm();
  }

  close(): void {
    if (this.#timer !== null) this.#options.clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    this.#timer = this.#options.clock.setTimer(this.#intervalMs, () => {
      this.#sample();
      const target = this.#target();
      if (target === undefined || !this.#options.isLeader()) {
        this.#arm();
        return;
      }
      void this.#compact(target).then(() => {
        if (this.#timer !== null) this.#arm();
      });
    });
  }

  #sample(): void {
    const { clock, revision } = this.#options;
    this.#samples.push({ at: clock.now(), revision: revision() });
  }

  /** The revision to compact to now, if any. */
  #target(): number | undefined {
    const { policy, clock, revision, compactRevision } = this.#options;
    const newer = (target: number | undefined) =>
      target !== undefined && target > Math.max(0, compactRevision()) ? target : undefined;
    if (policy.mode === 'revision') {
      this.#samples = [];
      return newer(revision() - policy.retentionRevisions);
    }
    const now = clock.now();
    let old: number | undefined;
    while ((this.#samples[0]?.at ?? now) <= now - policy.retentionMs) {
      old = this.#samples.shift()?.revision;
    }
    if (now - this.#compactedAt < Math.min(policy.retentionMs, hourMs)) return undefined;
    return newer(old);
  }

  async #compact(revision: number): Promise<void> {
    const { compact, logger, clock } = this.#options;
    try {
      await compact(revision);
      this.#compactedAt = clock.now();
      logger.info('compacted history', { revision });
    } catch (error) {
      logger.warn('history was not compacted', { revision, error: String(error) });
    }
  }
}
