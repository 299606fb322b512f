import { answerOrFail } from '../http-routes.js';
import { ErrorCode, Flag } from './protocol.js';
import type { PlainRequest } from './request-head.js';
import type { ServerConnection } from './server-connection.js';
import { Http2Stream } from './stream.js';

/** A request that is no gRPC call: one of the few that are answered here as they are over HTTP/1.1. Its payload is ignored. */
export class PlainCall extends Http2Stream {
  readonly #connection: ServerConnection;
  readonly #request: PlainRequest;
  readonly #abort = new AbortController();

  constructor(connection: ServerConnection, id: number, request: PlainRequest) {
    super(connection, id);
    this.#connection = connection;
    this.#request = request;
  }

  onData(): void {
    // Nothing that is answered here needs it.
  }

  onRemoteEnd(): void {
    void this.#answer();
  }

  async #answer(): Promise<void> {
    const connection = this.#connection;
    const { method, path, query, handler } = this.#request;
    const { signal } = this.#abort;
    connection.onHandlerStarted();
    const answer = await answerOrFail(handler, { method, path, query, signal }, connection.logger);
    connection.onHandlerSettled();
    if (this.isClosed) return;
    const body = new TextEncoder().encode(answer.body);
    connection.responses.writePlain(this.id, answer, body.length);
    if (method !== 'HEAD') this.sendPayload(body);
    this.end();
  }

  protected onAborted(): void {
    this.#abort.abort();
  }

  onWritable(): void {
    // Nobody waits: the body is queued whole.
  }

  protected writeEnd(): void {
    this.#connection.writer.dataHeader(this.id, 0, Flag.endStream);
  }

  protected onLocalEnd(): void {
    if (this.hasRemoteEnded) this.close();
    else this.reset(ErrorCode.noError);
  }
}
