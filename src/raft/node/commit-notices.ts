import type { MemberId } from '../../base/ids.js';
import type { Index, Message } from '../core/types.js';

/** Milliseconds that a notice may be held back while entries are expected. */
export const holdMsMax = 1;

type Append = Extract<Message, { kind: 'append' }>;

/** A notice that is held back, and since when some notice to that follower is. */
interface Held {
  readonly message: Append;
  readonly since: number;
}

/** What is to be sent at the end of a turn. */
export interface DueNotices {
  readonly due: readonly Message[];
  /** After how many milliseconds to ask again; null: nothing is held back. */
  readonly againMs: number | null;
}

/**
 * Holds back the appends that only tell a follower of a newer commit index: for a turn, so that whoever waits
 * for a write here is answered first; and for up to a millisecond while each such answer brings the next write, as one
 * client does that writes a key after the other. The entries of that write carry the same news: for each follower a
 * message and its answer are saved. A follower with somebody waiting for the commit (a write that it forwarded, a read) is
 * not kept waiting.
 */
export class CommitNotices {
  /** By follower: came up in this turn, and held longer. A follower is in one of them at the most. */
  readonly #fresh = new Map<MemberId, Held>();
  readonly #held = new Map<MemberId, Held>();
  /** The index whose commit somebody waits for at a follower. */
  readonly #awaited = new Map<MemberId, Index>();
  /** Milliseconds: when the last notice came up. */
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The last entries came within {@link holdMsMax} of the notice before them. */
  #expectsEntries = false;

  /** Somebody at the follower waits until `index` is known there to be committed. */
  await(follower: MemberId, index: Index): void {
    this.#awaited.set(follower, Math.max(index, this.#awaited.get(follower) ?? 0));
  }

  /** Whether the message is held back. What is sent in place of a notice drops it. */
  holdsBack(message: Message, now: number): boolean {
    if (message.kind !== 'append') return false;
    const { to } = message;
    if (!message.wantsReply) {
      const since = (this.#fresh.get(to) ?? this.#held.get(to))?.since ?? now;
      this.#held.delete(to);
      this.#fresh.set(to, { message, since });
      this.#lastAt = now;
      return true;
    }
    if (message.entries.length > 0) this.#expectsEntries = now - this.#lastAt < holdMsMax;
    this.#fresh.delete(to);
    this.#held.delete(to);
    this.#onSent(message);
    return false;
  }

  /** Nothing is held back. */
  get isEmpty(): boolean {
    return this.#fresh.size === 0 && this.#held.size === 0;
  }

  /** All that is held back, to be sent now. */
  takeAll(): readonly Message[] {
    const all = [...this.#held.values(), ...this.#fresh.values()].map(({ message }) => message);
    this.#fresh.clear();
    this.#held.clear();
    for (const message of all) this.#onSent(message);
    return all;
  }

  /** Ends a turn. */
  endTurn(now: number): DueNotices {
    const due: Message[] = [];
    let againMs: number | null = null;
    for (const [follower, held] of this.#held) {
      const leftMs = this.#leftMs(follower, held, now);
      if (leftMs > 0) {
        againMs = Math.min(againMs ?? leftMs, leftMs);
        continue;
      }
      due.push(held.message);
      this.#held.delete(follower);
      this.#onSent(held.message);
    }
    for (const [follower, held] of this.#fresh) {
      const leftMs = this.#leftMs(follower, held, now);
      againMs = Math.min(againMs ?? leftMs, leftMs);
      this.#held.set(follower, held);
    }
    this.#fresh.clear();
    return { due, againMs };
  }

  /** For how many milliseconds entries may still come for the follower; 0: it is not kept waiting. */
  #leftMs(follower: MemberId, { since }: Held, now: number): number {
    if (!this.#expectsEntries || this.#awaited.has(follower)) return 0;
    return Math.max(0, since + holdMsMax - now);
  }

  #onSent({ to, commit }: Append): void {
    const awaited = this.#awaited.get(to);
    if (awaited !== undefined && commit >= awaited) this.#awaited.delete(to);
  }
}
