import type { ProposeRefusal, Term } from '../core/types.js';
import type { PeerMessage, Proposal } from './contracts.js';
import { isFinal, type Taken } from './leader-intake.js';

/** What one session has forwarded in the present term. */
interface SessionIntake {
  accepted: number;
  readonly refusals: Map<number, ProposeRefusal>;
}

/**
 * The leader's side of forwarded proposals: takes each number of each session once and in order, only in the term it was
 * sent for. After stepping down it keeps the tables of the last term it led, to answer truthfully what it took.
 */
export class ForwardIntake {
  #term: Term = 0;
  readonly #sessions = new Map<bigint, SessionIntake>();

  /**
   * Handles one forward message. `ledTerm` is the term this member leads now, or 0. `take` appends some of the first.
   * Returns the reply; undefined when nothing truthful can be said (this incarnation never led that term).
   */
  onForward(
    message: Extract<PeerMessage, { kind: 'forward' }>,
    ledTerm: Term,
    take: (proposals: readonly Proposal[]) => Taken,
  ): PeerMessage | undefined {
    if (ledTerm > this.#term) {
      this.#term = ledTerm;
      this.#sessions.clear();
    }
    if (message.term !== this.#term) return undefined;
    const intake = this.#session(message.session);
    if (ledTerm === message.term) this.#take(intake, message, take);
    return {
      kind: 'forward-reply',
      session: message.session,
      term: message.term,
      acceptedSequence: intake.accepted,
      ended: ledTerm !== message.term,
      refusals: [...intake.refusals].map(([sequence, reason]) => ({ sequence, reason })),
    };
  }

  #take(
    intake: SessionIntake,
    message: Extract<PeerMessage, { kind: 'forward' }>,
    take: (proposals: readonly Proposal[]) => Taken,
  ): void {
    const skip = intake.accepted + 1 - message.firstSequence;
    if (skip < 0) return; // A gap: an earlier message was lost; the sender starts again from what was accepted.
    let rest = message.proposals.slice(skip);
    while (rest.length > 0) {
      const { taken, refusal } = take(rest);
      intake.accepted += taken;
      rest = rest.slice(taken);
      if (refusal === null) continue;
      if (!isFinal(refusal)) return;
      intake.accepted += 1;
      intake.refusals.set(intake.accepted, refusal);
      rest = rest.slice(1);
    }
  }

  #session(session: bigint): SessionIntake {
    let intake = this.#sessions.get(session);
    if (intake === undefined) {
      intake = { accepted: 0, refusals: new Map() };
      this.#sessions.set(session, intake);
    }
    return intake;
  }
}
