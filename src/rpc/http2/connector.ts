import type { Clock } from '../../base/clock.js';
import { ClientConnection } from './client-connection.js';
import { connectionLost } from './client-errors.js';
import type { Endpoint } from './endpoint.js';
import { FlushQueue } from './flush-queue.js';
import type { KeepaliveTimes } from './keepalive.js';
import type { OutgoingCall } from './outgoing-call.js';

/** What a connector is made with. */
export interface ConnectorOptions {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly keepalive: KeepaliveTimes | null;
  readonly reconnectMsMax: number;
  readonly receiveBytesMax: number;
}

/** Milliseconds before the second attempt to connect; they double with every failure. */
const reconnectMsMin = 100;
/** Milliseconds that an attempt to connect may take. */
const connectMsMax = 20_000;

/**
 * Keeps a channel's connection: opens one when a call needs it, and fails calls for as long as one that has failed must not be
 * tried again.
 */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #flushQueue: FlushQueue;
  /** The connection that takes calls, or is about to. */
  #current: ClientConnection | null = null;
  /** Connections with calls in progress that take no more. */
  readonly #leaving = new Set<ClientConnection>();
  /** Calls that wait for a connection or for a slot on it, in order. */
  readonly #waiting = new Set<OutgoingCall>();
  /** Drops the attempt in progress. */
  #abandon: (() => void) | null = null;
  #retryAtMs = 0;
  #backoffMs: number;
  #lastFailure = '';
  #isClosed = false;
  /** How often connections ask for a sign of life: less often once a server has minded. */
  #keepalive: KeepaliveTimes | null;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    this.#keepalive = options.keepalive;
    this.#flushQueue = new FlushQueue(options.clock);
    this.#backoffMs = Math.min(reconnectMsMin, options.reconnectMsMax);
  }

  /** Sends a call as soon as it can be sent. */
  start(call: OutgoingCall): void {
    const current = this.#current;
    if (current?.hasSlot === true && this.#waiting.size === 0) {
      call.startOn(current);
      return;
    }
    this.#waiting.add(call);
    if (current !== null || this.#abandon !== null) return;
    if (this.#options.clock.now() < this.#retryAtMs) this.#failWaiting();
    else this.#connect();
  }

  /** A call is over. */
  forget(call: OutgoingCall): void {
    this.#waiting.delete(call);
  }

  /** Ends all connections. There are no calls any more. */
  close(): void {
    this.#isClosed = true;
    this.#abandon?.();
    this.#current?.end();
    for (const connection of this.#leaving) connection.end();
  }

  #connect(): void {
    const { endpoint, clock } = this.#options;
    const socket = endpoint.open();
    const settle = () => {
      this.#abandon = null;
      clock.clearTimer(timer);
      socket.off('error', onError);
      socket.off('close', onClose);
      socket.on('error', ignore);
    };
    const fail = (reason: string) => {
      settle();
      socket.destroy();
      this.#onFailure(`cannot connect to ${endpoint.authority}: ${reason}`);
    };
    const onError = (error: Error) => fail(error.message);
    const onClose = () => fail('the connection was closed');
    const timer = clock.setTimer(connectMsMax, () => fail('no answer'));
    this.#abandon = () => {
      settle();
      socket.destroy();
    };
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once(endpoint.readyEvent, () => {
      settle();
      this.#current = this.#connectionOver(socket);
    });
  }

  #connectionOver(duplex: ReturnType<Endpoint['open']>): ClientConnection {
    const { endpoint, clock, receiveBytesMax } = this.#options;
    const connection: ClientConnection = new ClientConnection({
      duplex,
      clock,
      flushQueue: this.#flushQueue,
      scheme: endpoint.scheme,
      authority: endpoint.authority,
      receiveBytesMax,
      keepalive: this.#keepalive,
      onPingingTooOften: () => this.#pingLess(),
      onReady: () => {
        this.#backoffMs = Math.min(reconnectMsMin, this.#options.reconnectMsMax);
        this.#startWaiting();
      },
      onRoom: () => this.#startWaiting(),
      onGone: () => this.#onGone(connection),
    });
    return connection;
  }

  #startWaiting(): void {
    for (const call of this.#waiting) {
      if (this.#current?.hasSlot !== true) return;
      this.#waiting.delete(call);
      call.startOn(this.#current);
    }
  }

  #onGone(connection: ClientConnection): void {
    if (this.#current !== connection) return;
    this.#current = null;
    if (this.#isClosed) return;
    if (!connection.hasPeerSettings) {
      this.#onFailure(
        `cannot connect to ${this.#options.endpoint.authority}: the connection was lost`,
      );
      return;
    }
    if (!connection.isOver) {
      this.#leaving.add(connection);
      connection.whenOver(() => this.#leaving.delete(connection));
    }
    if (this.#waiting.size > 0) this.#connect();
  }

  /** gRPC proposal A8, "Client-side Keepalive": twice the time from now on. */
  #pingLess(): void {
    if (this.#keepalive === null) return;
    const { intervalMs, timeoutMs } = this.#keepalive;
    this.#keepalive = { intervalMs: intervalMs * 2, timeoutMs };
  }

  #onFailure(reason: string): void {
    this.#current = null;
    this.#lastFailure = reason;
    this.#retryAtMs = this.#options.clock.now() + this.#backoffMs;
    this.#backoffMs = Math.min(this.#backoffMs * 2, this.#options.reconnectMsMax);
    this.#failWaiting();
  }

  /** Calls do not wait for a better time: whoever made them knows more about that. */
  #failWaiting(): void {
    for (const call of [...this.#waiting]) call.fail(connectionLost(false, this.#lastFailure));
  }
}

function ignore(): void {
  // 'close' follows and is what counts.
}
