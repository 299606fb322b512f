import type { Clock } from '../../base/clock.js';
import type { DurableWrite, Message, SnapshotMeta } from '../core/types.js';
import type { WriteAheadLog } from './contracts.js';

/** More entries than this are a load, under which the thread has other things to do than to wait. */
const quietEntriesMax = 4;

/** What a {@link WritePipeline} works with. */
export interface WritePipelineOptions {
  readonly wal: WriteAheadLog;
  readonly clock: Clock;
  /** Few wait for anything here. */
  readonly isQuiet: () => boolean;
  readonly send: (messages: readonly Message[]) => void;
  /** Replaces the state machine's state by a snapshot that is on this member's disk. */
  readonly restore: (snapshot: SnapshotMeta) => Promise<void>;
  /** The state was replaced, its write goes to the log next. Nothing is written when it returns false. */
  readonly onRestored: () => boolean;
  readonly onFatal: (error: unknown) => void;
}

/**
 * The core's writes on their way to the log, and the messages that wait for them. Several writes are in flight; messages leave
 * in the order of their writes, each when its own and all before it are durable.
 */
export class WritePipeline {
  readonly #options: WritePipelineOptions;
  /** Messages that wait for their write, by sequence, in order. */
  #unsent: { readonly sequence: number; readonly messages: readonly Message[] }[] = [];
  #lastSequence = 0;
  /** When the disk last made progress while writes were in flight; null when all are durable. */
  #waitingSince: number | null = null;
  /** A snapshot is being installed: later writes wait for it, so that durability is reported in order. */
  #held: DurableWrite[] | null = null;

  constructor(options: WritePipelineOptions) {
    this.#options = options;
  }

  /**
   * Hands a write to the log; one with a snapshot after the state has been replaced. `sent` has left with it, and may be
   * answered while the log waits for its disk.
   */
  write(write: DurableWrite, sent: readonly Message[]): void {
    if (this.#held !== null) {
      this.#held.push(write);
      return;
    }
    if (write.snapshot === null) {
      this.#append(write, sent);
      return;
    }
    // The state goes first: applied state ahead of the log is a case that recovery knows, a log ahead of it is not.
    this.#held = [];
    const { restore, onFatal } = this.#options;
    restore(write.snapshot)
      .then(() => this.#onRestored(write))
      .catch(onFatal);
  }

  /** All writes up to `sequence` are durable: sends what waited for them. */
  onDurable(sequence: number): void {
    let sent = 0;
    for (const write of this.#unsent) {
      if (write.sequence > sequence) break;
      sent++;
      this.#options.send(write.messages);
    }
    this.#unsent.splice(0, sent);
    this.#waitingSince = sequence >= this.#lastSequence ? null : this.#options.clock.now();
  }

  /** Milliseconds that the disk has not made progress although there is something to write. */
  stalledMs(now: number): number {
    return this.#waitingSince === null ? 0 : now - this.#waitingSince;
  }

  #onRestored(write: DurableWrite): void {
    const held = this.#held ?? [];
    this.#held = null;
    if (!this.#options.onRestored()) return;
    this.#append(write, []);
    for (const next of held) this.write(next, []);
  }

  #append(write: DurableWrite, sent: readonly Message[]): void {
    this.#lastSequence = write.sequence;
    this.#waitingSince ??= this.#options.clock.now();
    this.#unsent.push({ sequence: write.sequence, messages: write.messages });
    this.#options.wal.append({ ...write, mayBlock: this.#mayBlock(write, sent) });
  }

  /** A leader must be there when two followers are quicker than its own disk: it blocks for nothing. */
  #mayBlock(write: DurableWrite, sent: readonly Message[]): boolean {
    if (sent.length > 0 || write.entries.length > quietEntriesMax) return false;
    return this.#options.isQuiet();
  }
}
