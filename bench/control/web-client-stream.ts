import type { Http2Connection } from '../../src/rpc/http2/connection.js';
import { ErrorCode, Flag } from '../../src/rpc/http2/protocol.js';
import { Http2Stream } from '../../src/rpc/http2/stream.js';

/** Who made a request. */
export interface AnswerListener {
  /** The answer begins. */
  onStatus(status: number): void;
  /** Bytes of its body, which never change. */
  onData(bytes: Uint8Array): void;
  /** It is whole (null), or will not be. Comes once. */
  onEnd(error: Error | null): void;
}

/** One request of a client and its answer. */
export class WebClientStream extends Http2Stream {
  readonly #listener: AnswerListener;
  #isOver = false;

  constructor(connection: Http2Connection, id: number, listener: AnswerListener) {
    super(connection, id);
    this.#listener = listener;
  }

  /** Sends the body of the request, which is not empty. */
  sendAll(body: Uint8Array): void {
    this.sendBody(body, true);
  }

  /** The request had no body: the frame of its header fields has said so. */
  onSentWithHead(): void {
    this.hasLocalEnded = true;
  }

  onHead(status: number, isEnd: boolean): void {
    if (status >= 200) this.#listener.onStatus(status);
    if (isEnd) this.endRemote();
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#isOver) this.#listener.onData(bytes.subarray(start, end));
  }

  onRemoteEnd(): void {
    this.#over(null);
    if (!this.hasLocalEnded) this.reset(ErrorCode.noError);
  }

  /** Wants no more of the answer. */
  cancel(): void {
    this.#isOver = true;
    this.reset(ErrorCode.cancel);
  }

  onWritable(): void {
    // Bodies are queued whole.
  }

  protected override onAborted(code: number): void {
    this.#over(new Error(`a request was reset: ${code}`));
  }

  protected override writeEnd(): void {
    this.connection.writer.dataHeader(this.id, 0, Flag.endStream);
  }

  protected override onLocalEnd(): void {
    if (this.hasRemoteEnded) this.close();
  }

  #over(error: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#listener.onEnd(error);
  }
}
