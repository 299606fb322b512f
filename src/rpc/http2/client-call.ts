import { CallError, RpcError, Status } from '../service.js';
import type { ClientConnection } from './client-connection.js';
import { connectionLost, errorOfHttpStatus, errorOfReset, errorOfStatus } from './client-errors.js';
import { MessageReader, soleMessage } from './message-reader.js';
import { ErrorCode, Flag } from './protocol.js';
import type { ResponseHead } from './response-head.js';
import { Http2Stream } from './stream.js';

/** Who made a call. */
export interface CallListener {
  /** A response message, in memory that never changes. */
  onMessage(message: Uint8Array): void;
  /** The call is over: null for OK. Comes once, and nothing after it. */
  onOver(error: CallError | null): void;
  /** There is room for more requests. */
  onWritable(): void;
  /** Responses are waiting to be read: the server is to be held back. */
  readonly isHoldingBack: boolean;
}

/** The client's end of a call. */
export class ClientCall extends Http2Stream {
  readonly #client: ClientConnection;
  readonly #listener: CallListener;
  readonly #bytesMax: number;
  /** Made when a message does not come in a frame of its own. */
  #reader: MessageReader | null = null;
  /** What began the response, once that has come. */
  #head: ResponseHead | null = null;
  /** What ended it, if anything but an empty frame. */
  #trailers: ResponseHead | null = null;
  /** The listener has been told. */
  #isOver = false;

  constructor(client: ClientConnection, id: number, listener: CallListener, bytesMax: number) {
    super(client, id);
    this.#client = client;
    this.#listener = listener;
    this.#bytesMax = bytesMax;
  }

  override get isHoldingBack(): boolean {
    return this.#listener.isHoldingBack;
  }

  /** A header list: response header fields, or trailers, or both in one. */
  onHeaders(head: ResponseHead, isEnd: boolean): void {
    if (isEnd) {
      this.#trailers = head;
      this.endRemote();
      return;
    }
    // Section 8.1: interim responses come before the one that counts.
    if (head.httpStatus.startsWith('1')) return;
    this.#head = head;
    if (head.httpStatus !== '200' || !head.isGrpc) this.cancel(errorOfHttpStatus(head.httpStatus));
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isOver) return;
    try {
      this.#readMessages(bytes, start, end);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.cancel(new CallError(error.code, error.message, true, { cause: error }));
    }
  }

  #readMessages(bytes: Uint8Array, start: number, end: number): void {
    const bytesMax = this.#bytesMax;
    if (this.#reader === null || this.#reader.isBetweenMessages) {
      const message = soleMessage(bytes, start, end, bytesMax);
      if (message !== null) {
        this.#listener.onMessage(message);
        return;
      }
    }
    this.#reader ??= new MessageReader({
      bytesMax,
      // Nothing else was asked for.
      encoding: 'identity',
      onMessage: (message) => {
        if (!this.#isOver) this.#listener.onMessage(message);
      },
      onRoom: () => {
        // A client has asked for what it gets.
      },
    });
    this.#reader.push(bytes, start, end);
  }

  onRemoteEnd(): void {
    this.#over(this.#outcome());
    if (!this.hasLocalEnded) this.reset(ErrorCode.noError);
  }

  #outcome(): CallError | null {
    const { status, statusMessage } = this.#trailers ?? nothing;
    if (status !== null) return errorOfStatus(status, statusMessage);
    const { httpStatus } = this.#head ?? this.#trailers ?? nothing;
    if (httpStatus !== '200') return errorOfHttpStatus(httpStatus);
    return new CallError(Status.internal, 'the server ended the call without a status', true);
  }

  /** Takes the call back, telling the server; it fails with the error. */
  cancel(error: CallError): void {
    if (this.#isOver) return;
    this.reset(ErrorCode.cancel);
    this.#over(error);
  }

  /** Section 6.8: the server has not processed the call and will not. */
  refuse(): void {
    this.close();
    this.#over(connectionLost(false, 'the server is going away'));
  }

  override onConnectionOver(): void {
    this.close();
    this.#over(connectionLost(true, 'the connection was lost'));
  }

  protected override onAborted(code: number): void {
    this.#over(errorOfReset(code));
  }

  onWritable(): void {
    this.#listener.onWritable();
  }

  protected override writeEnd(): void {
    this.#client.writer.dataHeader(this.id, 0, Flag.endStream);
  }

  protected override onLocalEnd(): void {
    if (this.hasRemoteEnded) this.close();
  }

  #over(error: CallError | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.onOver(error);
  }
}

/** What a server has said that has said nothing. */
const nothing: ResponseHead = {
  httpStatus: '',
  isGrpc: false,
  status: null,
  statusMessage: '',
  isWellFormed: true,
};
