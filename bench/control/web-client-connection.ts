import type { Duplex } from 'node:stream';
import { hostClock } from '../../src/host/clock.js';
import { Http2Connection } from '../../src/rpc/http2/connection.js';
import { connectionWindowBytes } from '../../src/rpc/http2/data-frames.js';
import { ConnectionFault } from '../../src/rpc/http2/errors.js';
import { FlushQueue } from '../../src/rpc/http2/flush-queue.js';
import { HeaderBlocks } from '../../src/rpc/http2/header-blocks.js';
import type { HeaderField } from '../../src/rpc/http2/hpack/field.js';
import { defaultWindowBytes, ErrorCode, preface, Setting } from '../../src/rpc/http2/protocol.js';
import { type AnswerListener, WebClientStream } from './web-client-stream.js';

/** What clients that are written in Go give a stream. */
const streamWindowBytes = 4 << 20;
const headerListBytesMax = 64 * 1024;

/** A client's end of an HTTP/2 connection that makes requests which are no gRPC calls. */
export class WebClientConnection extends Http2Connection {
  readonly #heads = new HeaderBlocks(this.decoder, headerListBytesMax, statusOf);
  #nextStreamId = 1;

  constructor(duplex: Duplex) {
    super({ duplex, clock: hostClock, flushQueue: new FlushQueue(hostClock), streamWindowBytes });
    this.output.append(preface);
    this.writer.settings([
      [Setting.enablePush, 0],
      [Setting.initialWindowSize, streamWindowBytes],
      [Setting.maxHeaderListSize, headerListBytesMax],
    ]);
    this.writer.windowUpdate(0, connectionWindowBytes - defaultWindowBytes);
    this.listen((chunk) => this.receive(chunk, 0));
    this.flush();
  }

  /** Makes a request. Header fields enter the compression table, as those of clients in Go do. */
  request(
    fields: readonly (readonly [name: string, value: string])[],
    body: Uint8Array | null,
    listener: AnswerListener,
  ): WebClientStream {
    const id = this.#nextStreamId;
    this.#nextStreamId += 2;
    const stream = new WebClientStream(this, id, listener);
    this.streams.add(stream);
    const block = this.encoder.encode(
      fields.map(([name, value]) => ({ name, value, kind: 'indexed' })),
    );
    this.writer.headers(id, block, body === null);
    this.flood.onProgress();
    if (body === null) stream.onSentWithHead();
    else stream.sendAll(body);
    this.touch();
    return stream;
  }

  get lastPeerStreamId(): number {
    return 0;
  }

  isIdle(streamId: number): boolean {
    return streamId >= this.#nextStreamId || streamId % 2 === 0;
  }

  onHeaderBlock(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isEnd: boolean,
  ): void {
    const status = this.#heads.read(bytes, start, end);
    const stream = this.streams.get(streamId);
    if (stream instanceof WebClientStream) stream.onHead(status, isEnd);
  }

  onPong(): void {
    // None is asked for.
  }

  onGoaway(): void {
    this.destroy();
  }

  protected onStreamClosed(): void {
    // The next request has its own.
  }

  protected onOver(): void {
    // Each stream has been told.
  }
}

function statusOf(fields: readonly HeaderField[] | null): number {
  if (fields === null) {
    throw new ConnectionFault(ErrorCode.enhanceYourCalm, 'a header list is too large');
  }
  return Number(fields.find(({ name }) => name === ':status')?.value ?? 0);
}
