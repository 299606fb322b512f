import { toLatin1 } from '../../base/bytes.js';
import type { Http2Connection } from './connection.js';
import { ConnectionFault } from './errors.js';
import { ErrorCode, Flag, FrameType, windowBytesMax } from './protocol.js';
import { readSettings, settingBytes } from './settings.js';

/** The frames that steer a connection and its streams: all but DATA, HEADERS and CONTINUATION. */
export class ControlFrames {
  readonly #connection: Http2Connection;
  /** The peer's first SETTINGS have come (RFC 9113 section 3.4). */
  hasPeerSettings = false;
  /** The peer has taken our SETTINGS into use (section 6.5.3). */
  hasSettingsAck = false;

  constructor(connection: Http2Connection) {
    this.#connection = connection;
  }

  /** Throws ConnectionFault. */
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const size = end - start;
    switch (type) {
      case FrameType.windowUpdate:
        checkSize(size === 4, 'WINDOW_UPDATE');
        this.#onWindowUpdate(streamId, uint32At(bytes, start) & windowBytesMax);
        break;
      case FrameType.rstStream:
        checkSize(size === 4, 'RST_STREAM');
        this.#onRstStream(streamId, uint32At(bytes, start));
        break;
      case FrameType.settings:
        this.#onSettings(flags, streamId, bytes, start, end);
        break;
      case FrameType.ping:
        checkSize(size === 8, 'PING');
        this.#onPing(flags, streamId, bytes.subarray(start, end));
        break;
      case FrameType.goaway:
        checkConnection(streamId, 'GOAWAY');
        checkSize(size >= 8, 'GOAWAY');
        this.#onGoaway(bytes, start, end);
        break;
      case FrameType.priority:
        this.#onPriority(streamId, size);
        break;
      case FrameType.pushPromise:
        throw new ConnectionFault(ErrorCode.protocolError, 'PUSH_PROMISE was not allowed');
      default:
        // Section 4.1: frames of unknown types are ignored.
        this.#onIdleFrame();
    }
  }

  /** Section 6.9. */
  #onWindowUpdate(streamId: number, increment: number): void {
    const connection = this.#connection;
    if (streamId !== 0) {
      this.#onStreamWindowUpdate(streamId, increment);
    } else if (increment === 0) {
      throw new ConnectionFault(ErrorCode.protocolError, 'WINDOW_UPDATE by 0');
    } else if (connection.sendWindowBytes + increment > windowBytesMax) {
      throw new ConnectionFault(ErrorCode.flowControlError, 'a window above 2^31-1');
    } else {
      connection.sendWindowBytes += increment;
    }
    if (connection.scheduler.hasReady) connection.touch();
  }

  #onStreamWindowUpdate(streamId: number, increment: number): void {
    const connection = this.#connection;
    const stream = connection.streams.get(streamId);
    if (stream === undefined) {
      if (!connection.isIdle(streamId)) return;
      throw new ConnectionFault(ErrorCode.protocolError, 'WINDOW_UPDATE on an idle stream');
    }
    if (increment === 0) {
      stream.fail(ErrorCode.protocolError);
    } else if (stream.sendWindowBytes + increment > windowBytesMax) {
      stream.fail(ErrorCode.flowControlError);
    } else {
      stream.sendWindowBytes += increment;
      connection.scheduler.add(stream);
    }
  }

  /** Section 6.4. */
  #onRstStream(streamId: number, code: number): void {
    const connection = this.#connection;
    if (streamId === 0 || connection.isIdle(streamId)) {
      throw new ConnectionFault(ErrorCode.protocolError, 'RST_STREAM on an idle stream');
    }
    const stream = connection.streams.get(streamId);
    if (stream === undefined) {
      this.#onIdleFrame();
      return;
    }
    connection.flood.onReset(connection.activeAtMs);
    stream.onPeerReset(code);
  }

  /** Section 6.5. */
  #onSettings(
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    checkConnection(streamId, 'SETTINGS');
    if ((flags & Flag.ack) !== 0) {
      checkSize(start === end, 'SETTINGS');
      this.hasSettingsAck = true;
      this.#onIdleFrame();
      return;
    }
    checkSize((end - start) % settingBytes === 0, 'SETTINGS');
    this.hasPeerSettings = true;
    this.#onIdleFrame();
    const connection = this.#connection;
    connection.applySettings(readSettings(bytes, start, end));
    connection.writer.settingsAck();
    connection.touch();
  }

  /** Section 6.7. */
  #onPing(flags: number, streamId: number, payload: Uint8Array): void {
    checkConnection(streamId, 'PING');
    const connection = this.#connection;
    if ((flags & Flag.ack) !== 0) {
      this.#onIdleFrame();
      connection.onPong(payload);
    } else {
      connection.flood.onPing(connection.activeAtMs, connection.streams.size > 0);
      connection.answerPing(payload);
    }
  }

  /** Section 6.8. */
  #onGoaway(bytes: Uint8Array, start: number, end: number): void {
    this.#onIdleFrame();
    const lastStreamId = uint32At(bytes, start) & windowBytesMax;
    const debug = toLatin1(bytes.subarray(start + 8, end));
    this.#connection.onGoaway(lastStreamId, uint32At(bytes, start + 4), debug);
  }

  /** Section 6.3: deprecated, so only its form is checked. */
  #onPriority(streamId: number, size: number): void {
    if (streamId === 0) throw new ConnectionFault(ErrorCode.protocolError, 'PRIORITY on stream 0');
    checkSize(size === 5, 'PRIORITY');
    this.#onIdleFrame();
  }

  #onIdleFrame(): void {
    this.#connection.flood.onIdleFrame(this.#connection.activeAtMs);
  }
}

function uint32At(bytes: Uint8Array, pos: number): number {
  return (
    (((bytes[pos] as number) << 24) |
      ((bytes[pos + 1] as number) << 16) |
      ((bytes[pos + 2] as number) << 8) |
      (bytes[pos + 3] as number)) >>>
    0
  );
}

function checkSize(isRight: boolean, frame: string): void {
  if (!isRight) throw new ConnectionFault(ErrorCode.frameSizeError, `${frame} has a wrong length`);
}

function checkConnection(streamId: number, frame: string): void {
  if (streamId !== 0) {
    throw new ConnectionFault(ErrorCode.protocolError, `${frame} on stream ${streamId}`);
  }
}
