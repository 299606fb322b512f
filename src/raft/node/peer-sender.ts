import type { Clock, Timer } from '../../base/clock.js';
import type { MemberId } from '../../base/ids.js';
import type { Index, Message } from '../core/types.js';
import { CommitNotices } from './commit-notices.js';
import type { PeerTransport } from './contracts.js';

/** What a {@link PeerSender} works with. */
export interface PeerSenderOptions {
  readonly clock: Clock;
  readonly transport: PeerTransport;
  /** Asks for another turn of the loop. */
  readonly schedule: () => void;
}

/** The core's messages on their way to the transport: at once, but for notices of a commit, which may wait for entries. */
export class PeerSender {
  readonly #clock: Clock;
  readonly #transport: PeerTransport;
  readonly #schedule: () => void;
  readonly #notices = new CommitNotices();
  /** Wakes the loop for what is held back; null when it need not be woken. */
  #timer: Timer | null = null;

  constructor({ clock, transport, schedule }: PeerSenderOptions) {
    this.#clock = clock;
    this.#transport = transport;
    this.#schedule = schedule;
  }

  /** Sends messages, or holds them back for what comes in the next turns. */
  send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    const now = this.#clock.now();
    for (const message of messages) {
      if (message.kind === 'read-index-reply') this.#notices.await(message.to, message.index);
      if (!this.#notices.holdsBack(message, now)) this.#post(message);
    }
  }

  /** Somebody at the follower waits until `index` is known there to be committed. */
  awaitCommit(follower: MemberId, index: Index): void {
    this.#notices.await(follower, index);
  }

  /** Sends all that is held back. */
  sendHeld(): void {
    for (const message of this.#notices.takeAll()) this.#post(message);
  }

  /** Ends a turn of the loop: sends what has waited long enough. */
  endTurn(): void {
    const { due, againMs } = this.#notices.endTurn(this.#clock.now());
    for (const message of due) this.#post(message);
    if (againMs === 0) this.#schedule();
    else if (againMs !== null && this.#timer === null) {
      this.#timer = this.#clock.setTimer(againMs, () => {
        this.#timer = null;
        if (!this.#notices.isEmpty) this.#schedule();
      });
    }
  }

  /** Sends nothing more of itself. */
  close(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #post(message: Message): void {
    this.#transport.send(message.to, { kind: 'raft', message });
  }
}
