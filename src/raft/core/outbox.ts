import type { Durability } from './durability.js';
import type { Message } from './types.js';

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
    else if (!this.#supersedes(message)) this.#afterWrite.push(message);
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
    return messages;
  }

  #waits(message: Message): boolean {
    if (message.kind === 'vote-reply' && message.granted && this.#haste.votes) return false;
    const isAck = message.kind === 'append-reply' && !message.rejected;
    if (isAck && this.#haste.acks) return false;
    if (!this.#durability.isVoteDurable) return true;
    return isAck && message.index > this.#durability.durableIndex;
  }

  /** An acceptance that follows another replaces it: the larger index says it all. */
  #supersedes(message: Message): boolean {
    const at = this.#afterWrite.length - 1;
    const last = this.#afterWrite[at];
    if (last === undefined) return false;
    if (last.kind !== 'append-reply' || message.kind !== 'append-reply') return false;
    if (last.rejected || message.rejected) return false;
    if (last.to !== message.to || last.term !== message.term) return false;
    if (last.index <= message.index) this.#afterWrite[at] = message;
    return true;
  }
}
