import { assert } from '../../base/assert.js';
import type { Output } from './output.js';
import { defaultFrameBytesMax, Flag, FrameType, streamIdMax } from './protocol.js';
import { settingBytes } from './settings.js';

/** Lays frames out in a connection's output (RFC 9113 section 6). It does not ask whether they may be sent. */
export class FrameWriter {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  /** The header of a DATA frame; the caller appends the payload. */
  dataHeader(streamId: number, payloadBytes: number, flags: number): void {
    this.#output.frameHeader(FrameType.data, flags, streamId, payloadBytes);
  }

  /** HEADERS, with as many CONTINUATION frames as the block needs (section 4.3). */
  headers(streamId: number, block: Uint8Array, isEnd: boolean): void {
    const endStream = isEnd ? Flag.endStream : 0;
    const output = this.#output;
    if (block.length <= defaultFrameBytesMax) {
      output.frameHeader(FrameType.headers, Flag.endHeaders | endStream, streamId, block.length);
      output.append(block);
      return;
    }
    for (let pos = 0; pos < block.length; pos += defaultFrameBytesMax) {
      const part = block.subarray(pos, pos + defaultFrameBytesMax);
      const isLast = pos + defaultFrameBytesMax >= block.length;
      const type = pos === 0 ? FrameType.headers : FrameType.continuation;
      const flags = (pos === 0 ? endStream : 0) | (isLast ? Flag.endHeaders : 0);
      output.frameHeader(type, flags, streamId, part.length);
      output.append(part);
    }
  }

  rstStream(streamId: number, code: number): void {
    this.#output.frameHeader(FrameType.rstStream, 0, streamId, 4);
    this.#output.uint32(code);
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    this.#output.frameHeader(FrameType.settings, 0, 0, values.length * settingBytes);
    for (const [id, value] of values) {
      this.#output.uint16(id);
      this.#output.uint32(value);
    }
  }

  settingsAck(): void {
    this.#output.frameHeader(FrameType.settings, Flag.ack, 0, 0);
  }

  /** PING with eight octets of payload. */
  ping(payload: Uint8Array, isAck: boolean): void {
    assert(payload.length === 8);
    this.#output.frameHeader(FrameType.ping, isAck ? Flag.ack : 0, 0, 8);
    this.#output.append(payload);
  }

  goaway(lastStreamId: number, code: number, debug: string): void {
    assert(lastStreamId <= streamIdMax);
    const text = Buffer.from(debug, 'latin1');
    this.#output.frameHeader(FrameType.goaway, 0, 0, 8 + text.length);
    this.#output.uint32(lastStreamId);
    this.#output.uint32(code);
    this.#output.append(text);
  }

  windowUpdate(streamId: number, increment: number): void {
    assert(increment > 0);
    this.#output.frameHeader(FrameType.windowUpdate, 0, streamId, 4);
    this.#output.uint32(increment);
  }
}
