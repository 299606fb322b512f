import type { MemberId } from '../../base/ids.js';
import type { Message } from '../core/types.js';

/**
 * Holds back the appends without entries, which tell a follower of a newer commit index, for a turn. Whoever waits for a
 * write here is answered first, and the entries of the next turn, if there are any, carry the same news: a message, and
 * its answer, saved.
 */
export class CommitNotices {
  /** By follower, in the turn they came up and in the turn after. */
  #fresh = new Map<MemberId, Message>();
  #due = new Map<MemberId, Message>();

  /** Some are to be sent in another turn. */
  get isPending(): boolean {
    return this.#fresh.size > 0;
  }

  /** Begins a turn. */
  begin(): void {
    const due = this.#due;
    this.#due = this.#fresh;
    this.#fresh = due;
  }

  /** Whether the message is held back; what is sent instead of a notice drops it. */
  holdsBack(message: Message): boolean {
    if (message.kind !== 'append') return false;
    if (message.entries.length === 0) {
      this.#fresh.set(message.to, message);
      return true;
    }
    this.#fresh.delete(message.to);
    this.#due.delete(message.to);
    return false;
  }

  /** All that is held back, to be sent now. */
  takeAll(): readonly Message[] {
    const all = [...this.#due.values(), ...this.#fresh.values()];
    this.#due.clear();
    this.#fresh.clear();
    return all;
  }

  /** Ends a turn: what is to be sent now. */
  takeDue(): readonly Message[] {
    if (this.#due.size === 0) return [];
    const due = [...this.#due.values()];
    this.#due.clear();
    return due;
  }
}
