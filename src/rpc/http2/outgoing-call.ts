import type { Clock, Timer } from '../../base/clock.js';
import { CallError, Status, type StatusCode } from '../service.js';
import type { CallListener, ClientCall } from './client-call.js';
import type { CallHead, ClientConnection } from './client-connection.js';

/** What a call is made with. */
export interface OutgoingCallOptions {
  readonly clock: Clock;
  readonly head: CallHead;
  readonly signal: AbortSignal | undefined;
  readonly listener: CallListener;
  /** The call is over; comes before the listener is told. */
  readonly onOver: () => void;
}

/** A call from the moment its caller makes it: it may wait for a connection, and keeps what is sent until there is one. */
export class OutgoingCall implements CallListener {
  readonly #options: OutgoingCallOptions;
  readonly #deadline: Timer | null;
  readonly #onAbort = () => this.cancel(Status.cancelled, 'the call was cancelled');
  /** The stream, once there is one. */
  #call: ClientCall | null = null;
  /** Requests from before that, and whether they are all. */
  #early: Uint8Array[] = [];
  #hasEnded = false;
  #isOver = false;

  constructor(options: OutgoingCallOptions) {
    this.#options = options;
    const { clock, head, signal } = options;
    this.#deadline =
      head.timeoutMs === undefined
        ? null
        : clock.setTimer(head.timeoutMs, () =>
            this.cancel(Status.deadlineExceeded, 'the deadline has passed'),
          );
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends the call over a connection that has a slot. */
  startOn(connection: ClientConnection): void {
    this.#call = connection.call(this.#options.head, this);
    const early = this.#early;
    this.#early = [];
    early.forEach((message, i) => {
      this.#call?.sendMessage(message, this.#hasEnded && i === early.length - 1);
    });
    if (this.#hasEnded && early.length === 0) this.#call.end();
    else if (!this.#hasEnded && early.length > 0) this.#options.listener.onWritable();
  }

  /** Whether the sender should go on. */
  get hasRoom(): boolean {
    return this.#isOver || (this.#call === null ? this.#early.length === 0 : this.#call.hasRoom);
  }

  /** Queues a request; `isLast` half-closes with it. */
  send(message: Uint8Array, isLast: boolean): void {
    if (this.#isOver || this.#hasEnded) return;
    this.#hasEnded = isLast;
    if (this.#call === null) this.#early.push(message);
    else this.#call.sendMessage(message, isLast);
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

  onMessage(message: Uint8Array): void {
    this.#options.listener.onMessage(message);
  }

  onWritable(): void {
    this.#options.listener.onWritable();
  }

  onOver(error: CallError | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { clock, signal, listener, onOver } = this.#options;
    if (this.#deadline !== null) clock.clearTimer(this.#deadline);
    signal?.removeEventListener('abort', this.#onAbort);
    onOver();
    listener.onOver(error);
  }
}
