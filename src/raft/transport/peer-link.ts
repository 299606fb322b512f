import type { Clock, Timer } from '../../base/clock.js';
import { formatId, type MemberId } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import type { ByteStream } from '../../host/net.js';
import type { Dial } from './dial.js';
import { FrameSplitter, frame } from './framing.js';
import { decodeWelcome, encodeHello, type Hello, protocolVersion } from './handshake.js';
import type { PeerTraffic } from './peer-traffic.js';

/** What a {@link PeerLink} works with. */
export interface PeerLinkOptions {
  readonly to: MemberId;
  /** Who this member is, when it dials. */
  readonly hello: () => Omit<Hello, 'purpose' | 'version' | 'to'>;
  readonly urls: readonly string[];
  readonly dial: Dial;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Bytes queued at the most; what comes on top is dropped and reported. */
  readonly queueBytesMax: number;
  /** Counts what is sent, and is told whether the connection is up. */
  readonly traffic: PeerTraffic;
  readonly onUnreachable: () => void;
  readonly onGone: () => void;
  /** The peer refuses this member because it was removed. */
  readonly onRemoved: () => void;
}

const backoffMsMin = 50;
const backoffMsMax = 1000;
const connectTimeoutMs = 3000;
/** A connection whose queue does not drain for this long is given up. */
const stallMsMax = 10_000;

/**
 * The connection over which this member sends to one peer: dialed, and dialed again when it breaks. What is sent while it
 * is down is dropped; consensus repeats what matters. Frames of one loop turn leave in one write.
 */
export class PeerLink {
  readonly #options: PeerLinkOptions;
  #urls: readonly string[];
  #nextUrl = 0;
  #stream: ByteStream | null = null;
  #wasUp = false;
  #frames: Uint8Array[] = [];
  #flushScheduled = false;
  #backoffMs = backoffMsMin;
  #retryTimer: Timer | null = null;
  #stalledSince: number | null = null;
  #closed = false;
  #warned = false;

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    this.#urls = options.urls;
    this.#connect();
  }

  get isUp(): boolean {
    return this.#options.traffic.isConnected;
  }

  /** The peer's addresses changed: used from the next dial on. */
  setUrls(urls: readonly string[]): void {
    this.#urls = urls;
  }

  /** Queues one message body; drops it when the link is down or its queue is full. */
  send(body: readonly Uint8Array[]): void {
    const stream = this.#stream;
    if (!this.isUp || stream === null) {
      this.#options.traffic.sendFailures++;
      this.#options.onUnreachable();
      return;
    }
    if (stream.queuedBytes > this.#options.queueBytesMax) {
      this.#onFull(stream);
      return;
    }
    this.#stalledSince = null;
    for (const piece of frame(body)) {
      this.#options.traffic.sentBytes += piece.length;
      this.#frames.push(piece);
    }
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Writes what is queued. */
  flush(): void {
    this.#flushScheduled = false;
    if (this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    if (this.isUp) this.#stream?.write(frames);
  }

  close(): void {
    this.#closed = true;
    this.#options.traffic.isConnected = false;
    if (this.#retryTimer !== null) this.#options.clock.clearTimer(this.#retryTimer);
    this.#stream?.destroy();
  }

  #onFull(stream: ByteStream): void {
    this.#options.traffic.sendFailures++;
    this.#options.onUnreachable();
    const now = this.#options.clock.now();
    this.#stalledSince ??= now;
    if (now - this.#stalledSince > stallMsMax) stream.destroy();
  }

  #connect(): void {
    const url = this.#urls[this.#nextUrl % Math.max(1, this.#urls.length)];
    if (url === undefined || this.#closed) return;
    const splitter = new FrameSplitter();
    const stream = this.#options.dial(url, {
      onConnect: () => {
        const { hello, to } = this.#options;
        const body = encodeHello({ ...hello(), to, purpose: 'messages', version: protocolVersion });
        stream.write(frame(body));
      },
      onData: (chunk) => {
        try {
          splitter.push(chunk, (body) => this.#onWelcome(body, timeout, stream));
        } catch (error) {
          this.#warn('peer does not speak our protocol', String(error));
          stream.destroy();
        }
      },
      onClose: ({ refused, message }) => {
        this.#options.clock.clearTimer(timeout);
        this.#onClose(stream, refused, message);
      },
    });
    const timeout = this.#options.clock.setTimer(connectTimeoutMs, () => stream.destroy());
    this.#stream = stream;
  }

  #onWelcome(body: Uint8Array, timeout: Timer, stream: ByteStream): void {
    const welcome = decodeWelcome(body);
    this.#options.clock.clearTimer(timeout);
    if (welcome.verdict !== 'ok') {
      this.#warn('peer refused this member', welcome.verdict);
      if (welcome.verdict === 'removed') this.#options.onRemoved();
      stream.destroy();
      return;
    }
    this.#options.traffic.isConnected = true;
    this.#wasUp = true;
    this.#warned = false;
    this.#backoffMs = backoffMsMin;
    this.#options.logger.info('connected to peer', { peer: formatId(this.#options.to) });
  }

  #onClose(stream: ByteStream, refused: boolean, message: string): void {
    if (this.#closed || stream !== this.#stream) return;
    const lost = this.isUp;
    this.#options.traffic.isConnected = false;
    this.#stream = null;
    this.#frames = [];
    if (lost) {
      this.#options.traffic.disconnects++;
      this.#options.onUnreachable();
    }
    if (refused && this.#wasUp) {
      this.#wasUp = false;
      this.#options.onGone();
    }
    if (!lost) this.#warn('cannot reach peer', message);
    this.#nextUrl++;
    // A connection that was just lost is dialed again at once: whether that is refused tells if the process is gone.
    const delayMs = lost ? 0 : this.#backoffMs;
    if (!lost) this.#backoffMs = Math.min(backoffMsMax, this.#backoffMs * 2);
    this.#retryTimer = this.#options.clock.setTimer(delayMs, () => this.#connect());
  }

  /** Warns once per outage. */
  #warn(what: string, why: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.logger.warn(what, { peer: formatId(this.#options.to), urls: this.#urls, why });
  }
}
