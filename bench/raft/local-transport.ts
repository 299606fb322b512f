import { concatBytes } from '../../src/base/bytes.js';
import type { MemberId } from '../../src/base/ids.js';
import type { PeerHandler, PeerMessage, PeerTransport } from '../../src/raft/node/index.js';
import { decodePeerMessage, encodePeerMessage } from '../../src/raft/transport/index.js';

/**
 * Members of one process: what they send each other is encoded and decoded as between processes, and arrives with the next
 * turn of the event loop.
 */
export class LocalNetwork {
  readonly #handlers = new Map<MemberId, PeerHandler>();

  attach(id: MemberId, handler: PeerHandler): void {
    this.#handlers.set(id, handler);
  }

  transportOf(from: MemberId): PeerTransport {
    let queue: { readonly to: MemberId; readonly bytes: Uint8Array }[] = [];
    const deliver = () => {
      const arrived = queue;
      queue = [];
      for (const { to, bytes } of arrived) {
        this.#handlers.get(to)?.onMessage(from, decodePeerMessage(bytes));
      }
    };
    return {
      send: (to: MemberId, message: PeerMessage) => {
        queue.push({ to, bytes: concatBytes(encodePeerMessage(message)) });
        if (queue.length === 1) setImmediate(deliver);
      },
      flush: () => {},
      setPeers: () => {},
      close: async () => {},
    };
  }
}
