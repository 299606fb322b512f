import type { MemberId } from '../../base/ids.js';
import type { PeerHandler, PeerMessage } from '../../raft/node/index.js';

/**
 * Where the transport delivers. While the member recovers there is no driver yet: then only what recovery itself asked
 * for is taken, and the rest is dropped as if it had been lost.
 */
export class MemberMailbox implements PeerHandler {
  #handler: PeerHandler | null = null;
  #onEarly: ((from: MemberId, message: PeerMessage) => void) | null = null;

  /** From now on everything goes to the driver. */
  open(handler: PeerHandler): void {
    this.#handler = handler;
    this.#onEarly = null;
  }

  /** Until {@link open}, messages go to `receive`. */
  receiveEarly(receive: (from: MemberId, message: PeerMessage) => void): void {
    this.#onEarly = receive;
  }

  onMessage(from: MemberId, message: PeerMessage): void {
    if (this.#handler !== null) this.#handler.onMessage(from, message);
    else this.#onEarly?.(from, message);
  }

  onUnreachable(id: MemberId): void {
    this.#handler?.onUnreachable(id);
  }

  onGone(id: MemberId): void {
    this.#handler?.onGone(id);
  }
}
