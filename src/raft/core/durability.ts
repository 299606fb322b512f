import { assert } from '../../base/assert.js';
import type { Index } from './types.js';

/** A write that the driver carries out. */
interface WriteInFlight {
  readonly sequence: number;
  /** Once done, the log is on disk up to here; lowered when a later write overwrites part of it. */
  lastIndex: Index;
}

/**
 * What of this member's state its disk holds, while several writes are in flight. When the log is truncated, the writes
 * in flight lose their claim on everything from there on: their completion says nothing about the entries that took the
 * place of theirs, not even about equal ones written a third time, which an earlier overwrite may still erase (ABA).
 */
export class Durability {
  readonly #acceptsStale: boolean;
  #nextSequence = 1;
  #durableSequence = 0;
  #inFlight: WriteInFlight[] = [];
  /** Entries after this one are in no write yet. Invariant: durableIndex <= writtenIndex <= the log's last. */
  #writtenIndex: Index;
  #durableIndex: Index;
  /** Term or vote changed since they were last in a write. */
  #isVoteUnwritten = false;
  /** The write that holds the present term and vote. */
  #voteSequence = 0;

  /** `acceptsStale` is the seeded defect `stale-durable-accepted`. */
  constructor(lastIndex: Index, acceptsStale: boolean) {
    this.#writtenIndex = lastIndex;
    this.#durableIndex = lastIndex;
    this.#acceptsStale = acceptsStale;
  }

  /** The log as it is now is on this member's disk up to here. */
  get durableIndex(): Index {
    return this.#durableIndex;
  }

  /** The log as it is now was handed to the disk up to here. */
  get writtenIndex(): Index {
    return this.#writtenIndex;
  }

  /** The term and the vote as they are now are in no write yet. */
  get isVoteUnwritten(): boolean {
    return this.#isVoteUnwritten;
  }

  /** The term and the vote as they are now are on this member's disk. */
  get isVoteDurable(): boolean {
    return !this.#isVoteUnwritten && this.#voteSequence <= this.#durableSequence;
  }

  /** No write is in flight. */
  get isIdle(): boolean {
    return this.#durableSequence === this.#nextSequence - 1;
  }

  onVoteChanged(): void {
    this.#isVoteUnwritten = true;
  }

  /** The entries from `index` on were dropped from the log. */
  onTruncated(index: Index): void {
    const last = index - 1;
    this.#writtenIndex = Math.min(this.#writtenIndex, last);
    this.#durableIndex = Math.min(this.#durableIndex, last);
    if (this.#acceptsStale) return;
    for (const write of this.#inFlight) write.lastIndex = Math.min(write.lastIndex, last);
  }

  /** The log was replaced by a snapshot at `index`, which the next write holds. */
  onSnapshot(index: Index): void {
    this.onTruncated(1);
    this.#writtenIndex = index;
  }

  /** Numbers the next write, which brings the log on disk up to `lastIndex`, and the newest term and vote with it. */
  startWrite(lastIndex: Index): number {
    const sequence = this.#nextSequence++;
    this.#inFlight.push({ sequence, lastIndex });
    this.#writtenIndex = lastIndex;
    if (this.#isVoteUnwritten) {
      this.#isVoteUnwritten = false;
      this.#voteSequence = sequence;
    }
    return sequence;
  }

  /** All writes up to `sequence` are done. A repeated or older report changes nothing. */
  onDurable(sequence: number, lastIndex: Index): void {
    assert(sequence < this.#nextSequence, `write ${sequence} was never handed out`);
    if (sequence <= this.#durableSequence) return;
    this.#durableSequence = sequence;
    let done = 0;
    for (const write of this.#inFlight) {
      if (write.sequence > sequence) break;
      this.#durableIndex = Math.max(this.#durableIndex, Math.min(write.lastIndex, lastIndex));
      done++;
    }
    this.#inFlight.splice(0, done);
    assert(this.#durableIndex <= this.#writtenIndex || this.#acceptsStale);
  }
}
