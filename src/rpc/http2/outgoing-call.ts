import { CallError, Status, type StatusCode } from '../service.js';
import type { CallListener, ClientCall } from './client-call.js';
import type { CallHead, ClientConnection } from './client-connection.js';
import type { Timed } from './deadline-watch.js';

/** What a call is made with. */
export interface OutgoingCallOptions {
  readonly head: CallHead;
  readonly signal: AbortSignal | undefined;
  readonly listener: CallListener;
  /** On the clock, milliseconds; infinite without one. */
  readonly deadlineMs: number;
  /** The server has not looked at the call: it is to be sent again. Comes once at most. */
  readonly onRefused: () => void;
  /** The call is over; comes before the listener is told. */
  readonly onOver: () => void;
}

/** Bytes of requests that a call keeps in order to send them again. The first is kept however large it is. */
const keptBytesMax = 256 * 1024;

/**
 * A call from the moment its caller makes it: it may wait for a connection, and keeps what is sent until there is one. A call that
 * a server has refused without looking at it is sent once more, which its caller does not notice (gRPC proposal A6, "Transparent
 * Retries").
 */
export class OutgoingCall implements CallListener, Timed {
  readonly deadlineMs: number;
  readonly #options: OutgoingCallOptions;
  readonly #onAbort = () => this.cancel(Status.cancelled, 'the call was cancelled');
  /** The stream, once there is one. */
  #call: ClientCall | null = null;
  /** The requests so far, for as long as they may have to be sent (again); null from then on. */
  #kept: Uint8Array[] | null = [];
  #keptBytes = 0;
  #hasEnded = false;
  #hasRestarted = false;
  #isOver = false;

  constructor(options: OutgoingCallOptions) {
    this.#options = options;
    this.deadlineMs = options.deadlineMs;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends the call over a connection that has a slot. */
  startOn(connection: ClientConnection): void {
    const call = connection.call(this.#options.head, this);
    this.#call = call;
    const kept = this.#kept ?? [];
    kept.forEach((message, i) => {
      call.sendMessage(message, this.#hasEnded && i === kept.length - 1);
    });
    if (this.#keptBytes > keptBytesMax && kept.length > 1) this.#kept = null;
    if (this.#hasEnded && kept.length === 0) call.end();
    else if (!this.#hasEnded && kept.length > 0) this.#options.listener.onWritable();
  }

  /** Whether the sender should go on. */
  get hasRoom(): boolean {
    return this.#isOver || (this.#call === null ? this.#kept?.length === 0 : this.#call.hasRoom);
  }

  /** Queues a request; `isLast` half-closes with it. */
  send(message: Uint8Array, isLast: boolean): void {
    if (this.#isOver || this.#hasEnded) return;
    this.#hasEnded = isLast;
    this.#keep(message);
    this.#call?.sendMessage(message, isLast);
  }

  #keep(message: Uint8Array): void {
    if (this.#kept === null) return;
    this.#kept.push(message);
    this.#keptBytes += message.length;
    const isTooMuch = this.#keptBytes > keptBytesMax && this.#kept.length > 1;
    if (isTooMuch && this.#call !== null) this.#kept = null;
  }

  /** Half-closes. */
  end(): void {
    if (this.#isOver || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#call?.end();
  }

  /** Has the listener told when there is room. */
  awaitRoom(): void {
    if (this.#call !== null) this.#call.connection.scheduler.awaitRoom(this.#call);
  }

  /** The reader has taken all responses: the server may send more. */
  onTaken(): void {
    if (this.#call !== null) this.#call.connection.data.grantReceived(this.#call);
  }

  /** Ends the call from this side. */
  cancel(code: StatusCode, message: string): void {
    if (this.#isOver) return;
    const error = new CallError(code, message, this.#call !== null);
    if (this.#call === null) this.fail(error);
    else this.#call.cancel(error);
  }

  /** The call has failed before there was a stream. */
  fail(error: CallError): void {
    this.onOver(error);
  }

  get isHoldingBack(): boolean {
    return this.#options.listener.isHoldingBack;
  }

  /** The deadline has passed. */
  onDeadline(): void {
    this.cancel(Status.deadlineExceeded, 'the deadline has passed');
  }

  onMessage(message: Uint8Array): void {
    this.#kept = null;
    this.#options.listener.onMessage(message);
  }

  onWritable(): void {
    this.#options.listener.onWritable();
  }

  onOver(error: CallError | null): void {
    if (this.#isOver) return;
    if (error !== null && !error.sent && this.#mayRestart) {
      this.#hasRestarted = true;
      this.#call = null;
      this.#options.onRefused();
      return;
    }
    this.#isOver = true;
    this.#kept = null;
    const { signal, listener, onOver } = this.#options;
    signal?.removeEventListener('abort', this.#onAbort);
    onOver();
    listener.onOver(error);
  }

  /** It was refused, and all that belongs to it is still here. */
  get #mayRestart(): boolean {
    return this.#call !== null && this.#kept !== null && !this.#hasRestarted;
  }
}
