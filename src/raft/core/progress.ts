import { assert } from '../../base/assert.js';
import type { MemberId } from '../../base/ids.js';
import { Inflights } from './inflights.js';
import type { Index } from './types.js';

/**
 * How the leader sends to a follower. `probe`: where the logs agree is unknown, one append at a time asks. `replicate`:
 * it is known, appends are pipelined. `snapshot`: the follower needs state older than the log, nothing is sent until it has it.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/** What the leader knows about one member, itself included. Lives for one term at most. */
export class Progress {
  readonly id: MemberId;
  isLearner: boolean;
  state: ProgressState = 'probe';
  /** The member's log is known to agree, durably, up to here. Never decreases. */
  match: Index = 0;
  /** The next entry to send. Invariant: next > match. */
  next: Index;
  /** In `probe`: an append is on its way; only its answer, or a heartbeat's, allows the next. */
  isPaused = false;
  /** An append is to be sent although it would be empty: the answer shows whether the earlier ones arrived. */
  isPokeDue = false;
  /** The newest commit index that the member has been told, as far as the entries sent let it follow. */
  sentCommit: Index = 0;
  /** In `snapshot`: the index of the snapshot last offered, and the leader's tick then. */
  snapshotIndex: Index = 0;
  snapshotTick = 0;
  /** The leader's tick when it last heard from the member. */
  heardTick: number;
  /** The leader's tick when a heartbeat's answer last resumed a probe or caused a poke: once a tick is enough. */
  resumedTick = -1;
  /** The newest read round that the member has answered. */
  readRound = 0;
  readonly inflights: Inflights;

  constructor(options: {
    readonly id: MemberId;
    readonly isLearner: boolean;
    readonly next: Index;
    readonly heardTick: number;
    readonly inflightMessagesMax: number;
    readonly inflightBytesMax: number;
  }) {
    assert(options.next > 0);
    this.id = options.id;
    this.isLearner = options.isLearner;
    this.next = options.next;
    this.heardTick = options.heardTick;
    this.inflights = new Inflights({
      messagesMax: options.inflightMessagesMax,
      bytesMax: options.inflightBytesMax,
    });
  }

  /** An append with entries up to `lastIndex` (`next` - 1: without any) and this commit index was sent. */
  onSent(lastIndex: Index, bytes: number, commit: Index): void {
    assert(this.state !== 'snapshot', 'append sent while a snapshot is awaited');
    this.isPokeDue = false;
    this.sentCommit = Math.max(this.sentCommit, Math.min(commit, lastIndex));
    if (this.state === 'probe') {
      this.isPaused = true;
    } else if (lastIndex >= this.next) {
      this.next = lastIndex + 1;
      this.inflights.add(lastIndex, bytes);
    }
  }

  /** The member has everything up to `index`. True when that, or an answer to a probe, is news. */
  onAccepted(index: Index): boolean {
    const isNews = index > this.match || (this.state === 'probe' && index === this.match);
    this.match = Math.max(this.match, index);
    this.next = Math.max(this.next, index + 1);
    if (this.state === 'replicate') this.inflights.freeTo(index);
    else if (this.state === 'probe' && isNews) this.becomeReplicate();
    return isNews;
  }

  /**
   * The member refused an append after `rejectedIndex`; it may agree up to `hintIndex`. False when the answer is stale:
   * late, repeated, or about something that it has accepted since.
   */
  onRejected(rejectedIndex: Index, hintIndex: Index): boolean {
    if (this.state === 'snapshot' || rejectedIndex <= this.match) return false;
    if (this.state === 'replicate') {
      this.becomeProbe();
      // What was pipelined may be ahead of what the member has: no further back than it hints, no further than known.
      this.next = Math.max(this.match + 1, Math.min(rejectedIndex, hintIndex + 1));
      return true;
    }
    if (this.next - 1 !== rejectedIndex) return false;
    this.next = Math.max(this.match + 1, Math.min(rejectedIndex, hintIndex + 1));
    this.isPaused = false;
    return true;
  }

  /** Asks anew where the logs agree; what was in flight may be lost. */
  becomeProbe(): void {
    this.state = 'probe';
    this.next = this.match + 1;
    this.sentCommit = 0;
    this.#restart();
  }

  /** The logs agree up to `match`: pipelines from there. */
  becomeReplicate(): void {
    this.state = 'replicate';
    this.next = this.match + 1;
    this.#restart();
  }

  /** A snapshot was offered at the leader's `tick`. */
  becomeSnapshot(snapshotIndex: Index, tick: number): void {
    this.state = 'snapshot';
    this.snapshotIndex = snapshotIndex;
    this.snapshotTick = tick;
    this.sentCommit = 0;
    this.#restart();
  }

  #restart(): void {
    this.isPaused = false;
    this.isPokeDue = false;
    this.inflights.clear();
  }
}
