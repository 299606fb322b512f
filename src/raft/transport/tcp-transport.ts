import type { Clock } from '../../base/clock.js';
import { type ClusterId, formatId, type MemberId } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import type { ByteStream, ByteStreamHandler } from '../../host/net.js';
import type { PeerHandler, PeerMessage, PeerTransport } from '../node/contracts.js';
import { decodePeerMessage, encodePeerMessage } from './codec.js';
import type { Dial } from './dial.js';
import { FrameSplitter, frame } from './framing.js';
import {
  decodeHello,
  encodeWelcome,
  type Hello,
  protocolVersion,
  type Verdict,
} from './handshake.js';
import { PeerLink } from './peer-link.js';
import { PeerTraffic } from './peer-traffic.js';

/** What a {@link TcpTransport} works with. */
export interface TcpTransportOptions {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queueBytesMax: number;
  /** True for members that were removed: they are told so. */
  readonly isRemoved: (id: MemberId) => boolean;
  /** A peer says that this member was removed from the cluster. */
  readonly onRemoved: () => void;
  /** Encoded member list for those who ask before they are members. */
  readonly describeCluster: () => Uint8Array;
}

/**
 * Peers over TCP or TLS: this member dials every other one and sends on the connection that it dialed; it receives on
 * those that the others dialed. Every connection begins with a handshake that keeps strangers and other clusters out.
 */
export class TcpTransport implements PeerTransport {
  readonly #options: TcpTransportOptions;
  readonly #links = new Map<MemberId, PeerLink>();
  readonly #traffic = new Map<MemberId, PeerTraffic>();
  /** The members as far as they are known here. */
  #peers: ReadonlyMap<MemberId, readonly string[]> = new Map();
  /** Connections that peers dialed, with who it is once they said so. */
  readonly #incoming = new Map<ByteStream, MemberId | null>();
  #handler: PeerHandler | null = null;
  #closed = false;

  constructor(options: TcpTransportOptions) {
    this.#options = options;
  }

  /** Connects the transport to its driver; messages before are dropped. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
  }

  send(to: MemberId, message: PeerMessage): void {
    const link = this.#links.get(to);
    if (link === undefined) return;
    link.send(encodePeerMessage(message));
  }

  flush(): void {
    for (const link of this.#links.values()) link.flush();
  }

  setPeers(peers: ReadonlyMap<MemberId, readonly string[]>): void {
    this.#peers = peers;
    for (const id of [...this.#links.keys()]) this.#closeUnneeded(id);
    this.dropRemoved();
    for (const [id, urls] of peers) {
      if (id === this.#options.memberId || this.#closed) continue;
      const link = this.#links.get(id);
      if (link === undefined) this.#links.set(id, this.#open(id, urls));
      else link.setUrls(urls);
    }
  }

  /** Ends the connections of removed members. One that has missed its removal dials again, and is told. */
  dropRemoved(): void {
    for (const [stream, from] of this.#incoming) {
      if (from !== null && this.#options.isRemoved(from)) stream.destroy();
    }
  }

  /** Peers whose connection is up now. */
  connectedPeers(): readonly MemberId[] {
    return [...this.#links].filter(([, link]) => link.isUp).map(([id]) => id);
  }

  /** Of the members there are, this one excepted. */
  traffic(): readonly PeerTraffic[] {
    const others = [...this.#peers.keys()].filter((id) => id !== this.#options.memberId);
    return others.map((id) => this.#trafficOf(id));
  }

  #trafficOf(id: MemberId): PeerTraffic {
    const traffic = this.#traffic.get(id) ?? new PeerTraffic(id);
    this.#traffic.set(id, traffic);
    return traffic;
  }

  /** Takes over a connection that a peer dialed. */
  accept(stream: ByteStream): ByteStreamHandler {
    this.#incoming.set(stream, null);
    const splitter = new FrameSplitter();
    let from: MemberId | null = null;
    let traffic: PeerTraffic | null = null;
    const onBody = (body: Uint8Array) => {
      if (from === null) {
        const hello = decodeHello(body);
        from = this.#onHello(stream, hello);
        if (this.#incoming.has(stream)) this.#incoming.set(stream, from);
        if (from !== null) {
          traffic = this.#trafficOf(from);
          this.#answerTo(from, hello.urls);
        }
      } else this.#handler?.onMessage(from, decodePeerMessage(body));
    };
    return {
      onData: (chunk) => {
        if (traffic !== null) traffic.receivedBytes += chunk.length;
        try {
          splitter.push(chunk, onBody);
        } catch (error) {
          this.#options.logger.warn('peer connection closed: malformed data', {
            remote: stream.remote,
            peer: from === null ? undefined : formatId(from),
            error: String(error),
          });
          stream.destroy();
        }
      },
      onClose: () => {
        this.#incoming.delete(stream);
        if (from !== null) this.#closeUnneeded(from);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    for (const stream of this.#incoming.keys()) stream.destroy();
  }

  /**
   * One that this member has not heard of yet may lead it: it joined while this one was away, and all that this one will
   * ever learn comes from it. So it is answered, where it says, as long as it is connected.
   */
  #answerTo(id: MemberId, urls: readonly string[]): void {
    if (this.#closed || id === this.#options.memberId) return;
    if (this.#links.has(id) || urls.length === 0) return;
    this.#links.set(id, this.#open(id, urls));
  }

  /** Ends the connection to one that is no member, as far as is known here, and is not connected either. */
  #closeUnneeded(id: MemberId): void {
    if (this.#peers.has(id)) return;
    const isConnected = [...this.#incoming.values()].includes(id);
    if (isConnected && !this.#options.isRemoved(id)) return;
    this.#links.get(id)?.close();
    this.#links.delete(id);
    this.#traffic.delete(id);
  }

  #open(id: MemberId, urls: readonly string[]): PeerLink {
    const { clusterId, memberId, dial, clock, logger, queueBytesMax } = this.#options;
    return new PeerLink({
      to: id,
      hello: () => ({ clusterId, from: memberId, urls: this.#peers.get(memberId) ?? [] }),
      urls,
      dial,
      clock,
      logger,
      queueBytesMax,
      traffic: this.#trafficOf(id),
      onUnreachable: () => this.#handler?.onUnreachable(id),
      onGone: () => this.#handler?.onGone(id),
      onRemoved: this.#options.onRemoved,
    });
  }

  /** Answers a hello; returns who messages come from when they may come. */
  #onHello(stream: ByteStream, hello: Hello): MemberId | null {
    const { clusterId, memberId, describeCluster, logger } = this.#options;
    const verdict = this.#judge(hello);
    const payload = hello.purpose === 'messages' ? new Uint8Array(0) : describeCluster();
    const body = encodeWelcome({ verdict, clusterId, memberId, payload });
    stream.write(frame(body));
    if (verdict === 'ok' && hello.purpose === 'messages') return hello.from;
    if (verdict !== 'ok') {
      logger.warn('peer refused', {
        remote: stream.remote,
        peer: formatId(hello.from),
        cluster: formatId(hello.clusterId),
        why: verdict,
      });
    }
    return null;
  }

  #judge(hello: Hello): Verdict {
    const { clusterId, memberId, isRemoved } = this.#options;
    if (hello.version !== protocolVersion) return 'wrong-version';
    if (hello.purpose === 'describe-cluster') return 'ok';
    if (hello.clusterId !== clusterId) return 'wrong-cluster';
    if (isRemoved(hello.from)) return 'removed';
    return hello.to === memberId ? 'ok' : 'wrong-member';
  }
}
