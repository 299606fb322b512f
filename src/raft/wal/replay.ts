import { defined } from '../../base/assert.js';
import { noMember } from '../../base/ids.js';
import type { Entry, HardState, Index, Term } from '../core/types.js';
import type { WalRecovery } from '../node/contracts.js';
import type { WalRecord } from './record.js';
import type { SegmentHeader } from './segment-header.js';

/** The state of a log without entries. */
export const initialHardState: HardState = { term: 0, vote: noMember, commit: 0 };

/** Rebuilds the log's state by applying its records in order. */
export class LogReplay {
  #hardState: HardState = initialHardState;
  #base: { readonly index: Index; readonly term: Term } = { index: 0, term: 0 };
  /** The base is the end of segments that were released, and not a snapshot's. */
  #isBaseReleased = false;
  readonly #entries: Entry[] = [];

  get hardState(): HardState {
    return this.#hardState;
  }

  /** The last entry of the log, or the entry before its start. */
  get last(): { readonly index: Index; readonly term: Term } {
    return this.#entries.at(-1) ?? this.#base;
  }

  /** Starts from the state that the first segment kept begins with. */
  start(header: SegmentHeader): void {
    this.#hardState = header.hardState;
    this.#base = header.previous;
    this.#isBaseReleased = header.previous.index > 0;
  }

  /** True when the segment begins with the state that the records before it lead to. */
  agreesWith({ hardState, previous }: SegmentHeader): boolean {
    return (
      hardState.term === this.#hardState.term &&
      hardState.vote === this.#hardState.vote &&
      hardState.commit === this.#hardState.commit &&
      previous.index === this.last.index &&
      previous.term === this.last.term
    );
  }

  /** Applies one record; entries replace any suffix from their first index on. Throws when they leave a gap. */
  apply({ hardState, snapshot, entries }: WalRecord): void {
    if (hardState) this.#hardState = hardState;
    if (snapshot) {
      this.#base = { index: snapshot.index, term: snapshot.term };
      this.#isBaseReleased = false;
      this.#entries.length = 0;
    }
    if (entries.length > 0) this.#applyEntries(entries);
  }

  #applyEntries(entries: readonly Entry[]): void {
    const first = defined(entries[0]);
    if (first.index <= this.#base.index && this.#isBaseReleased) {
      this.#rebase(entries);
      return;
    }
    if (first.index <= this.#base.index || first.index > this.last.index + 1) {
      throw new Error(
        `entry ${first.index} does not continue a log of ${this.#base.index + 1} to ${this.last.index}`,
      );
    }
    this.#entries.length = first.index - this.#base.index - 1;
    for (const entry of entries) this.#entries.push(entry);
  }

  /**
   * Entries that overwrote some of which the segments are released since. Everything up to the released base was
   * committed by then, so the log may as well start after the first of them: the term before it is known no more.
   */
  #rebase(entries: readonly Entry[]): void {
    const [first, ...rest] = entries;
    const { index, term } = defined(first);
    this.#base = { index, term };
    this.#entries.length = 0;
    for (const entry of rest) this.#entries.push(entry);
  }

  /**
   * The result. The commit index is a hint: it is brought within the log, whose start is committed by definition and
   * whose end may have been cut.
   */
  finish(): WalRecovery {
    const commit = Math.max(this.#base.index, Math.min(this.#hardState.commit, this.last.index));
    return {
      hardState: { ...this.#hardState, commit },
      base: this.#base,
      entries: this.#entries,
    };
  }
}
