import type { MemberId } from '../../base/ids.js';
import type { Index } from './types.js';

/** A read that waits for its index: asked here, or forwarded by another member. */
export interface ReadRequest {
  readonly from: MemberId;
  readonly requestId: number;
}

/** Reads that one round of heartbeats confirms together. */
export interface ReadRound {
  readonly round: number;
  /** The commit index when the round started: what the reads must see. */
  readonly index: Index;
  /** The leader's tick when the round's first heartbeats went out: where a lease that it confirms starts. */
  readonly sentTick: number;
  readonly requests: readonly ReadRequest[];
}

/** The reads that a leader has not answered yet. All are refused when it stops leading. */
export class LeaderReads {
  /** Wait until an entry of this term is committed: before that the commit index may lag (Raft dissertation 6.4). */
  held: ReadRequest[] = [];
  /** Wait for the next round; all that one batch of inputs brought share it. */
  fresh: ReadRequest[] = [];
  /** Wait for their round to be confirmed; ascending. */
  rounds: ReadRound[] = [];
  /** The newest round started; 0 is none. */
  newestRound = 0;
  /** With lease reads: when the newest confirmed round was sent; null is never. */
  leaseTick: number | null = null;
  /** A transfer of leadership made an election possible that no lease prevents: no lease for the rest of the term. */
  isLeaseRevoked = false;

  /** Starts a round for all that wait for one; returns it. */
  startRound(index: Index, sentTick: number): ReadRound {
    this.newestRound++;
    const round = { round: this.newestRound, index, sentTick, requests: this.fresh };
    this.fresh = [];
    this.rounds.push(round);
    return round;
  }

  /** Takes out the rounds up to `round`, which a quorum has answered. */
  takeConfirmed(round: number): readonly ReadRound[] {
    let count = 0;
    while (count < this.rounds.length && (this.rounds[count] as ReadRound).round <= round) count++;
    return count === 0 ? [] : this.rounds.splice(0, count);
  }

  /** Takes out every read. */
  takeAll(): readonly ReadRequest[] {
    const all = [...this.rounds.flatMap((round) => round.requests), ...this.fresh, ...this.held];
    this.held = [];
    this.fresh = [];
    this.rounds = [];
    return all;
  }
}
