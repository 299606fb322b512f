import type { MemberId } from '../../base/ids.js';

/** What went between this member and another since this one started; kept while the other is away. */
export class PeerTraffic {
  readonly peer: MemberId;
  sentBytes = 0;
  receivedBytes = 0;
  /** Messages that could not be sent, because the peer was away or its queue full. */
  sendFailures = 0;
  /** Connections to it that were lost. */
  disconnects = 0;
  /** This member's connection to it is up. */
  isConnected = false;

  constructor(peer: MemberId) {
    this.peer = peer;
  }
}
