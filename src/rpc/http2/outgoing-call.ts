import { CallError, type CallOptions, Status, type StatusCode } from '../service.js';
import type { Listed } from './call-list.js';
import type { CallListener, ClientCall } from './client-call.js';
import type { ClientConnection } from './client-connection.js';
import type { Timed } from './deadline-watch.js';

/** Who makes calls. */
export interface CallOwner {
  /** The server has not looked at the call: it is to be sent again. Comes once at most. */
  onCallRefused(call: OutgoingCall): void;
  /** The call is over; comes before whoever waits for it is told. */
  onCallOver(call: OutgoingCall): void;
}

/** What is called, and how. */
export interface CallTarget {
  readonly owner: CallOwner;
  readonly path: string;
  readonly options: CallOptions;
  /** On the clock, milliseconds; infinite without one. */
  readonly deadlineMs: number;
}

/** Bytes of requests that a call keeps in order to send them again. The first is kept however large it is. */
const keptBytesMax = 256 * 1024;

/**
 * A call from the moment its caller makes it: it may wait for a connection, and keeps what is sent until there is one. A call that
 * a server has refused without looking at it is sent once more, which its caller does not notice (gRPC proposal A6, "Transparent
 * Retries").
 */
export abstract class OutgoingCall implements CallListener, Timed, Listed {
  readonly deadlineMs: number;
  listPlace = -1;
  readonly #owner: CallOwner;
  readonly #path: string;
  readonly #options: CallOptions;
  /** Listens to the caller's signal, if there is one. */
  #onAbort: (() => void) | null = null;
  /** The stream, once there is one. */
  #call: ClientCall | null = null;
  /** The requests so far, for as long as they may have to be sent (again); null from then on. */
  #kept: Uint8Array[] | null = none;
  #keptBytes = 0;
  #hasEnded = false;
  #hasRestarted = false;
  #isOver = false;

  constructor({ owner, path, options, deadlineMs }: CallTarget) {
    this.#owner = owner;
    this.#path = path;
    this.#options = options;
    this.deadlineMs = deadlineMs;
    if (options.signal === undefined) return;
    this.#onAbort = () => this.cancel(Status.cancelled, 'the call was cancelled');
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** A response message, in memory that never changes. */
  protected abstract onResponse(message: Uint8Array): void;
  /** The call is over: null for OK. Comes once, and nothing after it. */
  protected abstract onEnded(error: CallError | null): void;
  abstract onWritable(): void;
  abstract get isHoldingBack(): boolean;

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends the call over a connection that has a slot. */
  startOn(connection: ClientConnection): void {
    const call = connection.call(this.#path, this.#options, this);
    this.#call = call;
    const kept = this.#kept ?? [];
    kept.forEach((message, i) => {
      call.sendMessage(message, this.#hasEnded && i === kept.length - 1);
    });
    if (this.#keptBytes > keptBytesMax && kept.length > 1) this.#kept = null;
    if (this.#hasEnded && kept.length === 0) call.end();
    else if (!this.#hasEnded && kept.length > 0) this.onWritable();
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
    if (this.#kept === none) this.#kept = [message];
    else this.#kept.push(message);
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

  /** The deadline has passed. */
  onDeadline(): void {
    this.cancel(Status.deadlineExceeded, 'the deadline has passed');
  }

  onMessage(message: Uint8Array): void {
    this.#kept = null;
    this.onResponse(message);
  }

  onOver(error: CallError | null): void {
    if (this.#isOver) return;
    if (error !== null && !error.sent && this.#mayRestart) {
      this.#hasRestarted = true;
      this.#call = null;
      this.#owner.onCallRefused(this);
      return;
    }
    this.#isOver = true;
    this.#kept = null;
    if (this.#onAbort !== null) this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#owner.onCallOver(this);
    this.onEnded(error);
  }

  /** It was refused, and all that belongs to it is still here. */
  get #mayRestart(): boolean {
    return this.#call !== null && this.#kept !== null && !this.#hasRestarted;
  }
}

const none: Uint8Array[] = [];
