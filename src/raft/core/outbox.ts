import { type MemberId, noMember } from '../../base/ids.js';
import type { Durability } from './durability.js';
import type { Index, Message, Term } from './types.js';

const noMessages: readonly Message[] = Object.freeze([]);

/** Which promises are, wrongly, made before they are kept: seeded defects. */
interface Haste {
  readonly votes: boolean;
  readonly acks: boolean;
}

/**
 * The messages on their way out, in two lists: those that may leave at once, and those that must wait for the disk. One
 * rule decides. While the present term and vote are not durable everything waits, so that nobody learns of a term, a vote
 * or a candidacy that a crash could make this member forget. Besides, the acceptance of an append waits for the entries.
 */
export class Outbox {
  readonly #durability: Durability;
  readonly #haste: Haste;
  #now: Message[] = [];
  #afterWrite: Message[] = [];
  /** The acceptance queued last for after a write, and whether it is still in `#afterWrite` (else it is in flight). */
  #ackTo: MemberId = noMember;
  #ackTerm: Term = 0;
  #ackIndex: Index = 0;
  #ackAt = -1;

  constructor(durability: Durability, haste: Haste) {
    this.#durability = durability;
    this.#haste = haste;
  }

  get isEmpty(): boolean {
    return this.#now.length === 0 && this.#afterWrite.length === 0;
  }

  /** Queues a message. */
  send(message: Message): void {
    if (!this.#waits(message)) this.#now.push(message);
    else if (message.kind === 'append-reply' && !message.rejected) this.#queueAck(message);
    else this.#afterWrite.push(message);
  }

  /** What may leave at once. */
  takeNow(): readonly Message[] {
    if (this.#now.length === 0) return noMessages;
    const messages = this.#now;
    this.#now = [];
    return messages;
  }

  /** What may leave once everything written so far, and the write that is about to be handed out, is durable. */
  takeAfterWrite(): readonly Message[] {
    if (this.#afterWrite.length === 0) return noMessages;
    const messages = this.#afterWrite;
    this.#afterWrite = [];
    this.#ackAt = -1;
    return messages;
  }

  /**
   * The entries from `index` on were dropped from the log before they were in any write: their acceptance, which an earlier
   * leader would count, must not leave with the next write, which does not hold them.
   */
  onTruncated(index: Index): void {
    const isKept = (message: Message) =>
      message.kind !== 'append-reply' || message.rejected || message.index < index;
    const kept = this.#afterWrite.filter(isKept);
    if (kept.length === this.#afterWrite.length) return;
    this.#afterWrite = kept;
    this.#ackTo = noMember;
    this.#ackAt = -1;
  }

  #waits(message: Message): boolean {
    if (message.kind === 'vote-reply' && message.granted && this.#haste.votes) return false;
    const isAck = message.kind === 'append-reply' && !message.rejected;
    if (isAck && this.#haste.acks) return false;
    if (!this.#durability.isVoteDurable) return true;
    return isAck && message.index > this.#durability.durableIndex;
  }

  /**
   * Of several acceptances for one leader only the last says anything. One that an earlier acceptance covers, which waits
   * for a write already, is not worth a write of its own.
   */
  #queueAck(message: Extract<Message, { kind: 'append-reply' }>): void {
    const isSameLeader = message.to === this.#ackTo && message.term === this.#ackTerm;
    if (isSameLeader && message.index <= this.#ackIndex) return;
    this.#ackTo = message.to;
    this.#ackTerm = message.term;
    this.#ackIndex = message.index;
    if (isSameLeader && this.#ackAt >= 0) this.#afterWrite[this.#ackAt] = message;
    else this.#ackAt = this.#afterWrite.push(message) - 1;
  }
}
