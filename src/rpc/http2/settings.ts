import { ConnectionFault } from './errors.js';
import { defaultFrameBytesMax, ErrorCode, Setting, windowBytesMax } from './protocol.js';

/** Bytes of one setting: a 16-bit identifier and a 32-bit value (RFC 9113 section 6.5.1). */
export const settingBytes = 6;

/** What a SETTINGS frame changes; what it does not mention is undefined. A setting given twice counts as it was given last. */
export interface PeerSettings {
  headerTableBytes: number | undefined;
  concurrentStreamsMax: number | undefined;
  initialWindowBytes: number | undefined;
  headerListBytesMax: number | undefined;
}

/** Reads a SETTINGS payload whose length is a multiple of {@link settingBytes}. Throws ConnectionFault for bad values. */
export function readSettings(bytes: Uint8Array, start: number, end: number): PeerSettings {
  const settings: PeerSettings = {
    headerTableBytes: undefined,
    concurrentStreamsMax: undefined,
    initialWindowBytes: undefined,
    headerListBytesMax: undefined,
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let pos = start; pos < end; pos += settingBytes) {
    take(settings, view.getUint16(pos), view.getUint32(pos + 2));
  }
  return settings;
}

/** Section 6.5.2. Unknown settings are ignored. */
function take(settings: PeerSettings, id: number, value: number): void {
  switch (id) {
    case Setting.headerTableSize:
      settings.headerTableBytes = value;
      return;
    case Setting.enablePush:
      if (value > 1) throw new ConnectionFault(ErrorCode.protocolError, 'ENABLE_PUSH above 1');
      return;
    case Setting.maxConcurrentStreams:
      settings.concurrentStreamsMax = value;
      return;
    case Setting.initialWindowSize:
      if (value > windowBytesMax) {
        throw new ConnectionFault(ErrorCode.flowControlError, 'INITIAL_WINDOW_SIZE above 2^31-1');
      }
      settings.initialWindowBytes = value;
      return;
    case Setting.maxFrameSize:
      // Allowed values are all at least as large as the frames that we send.
      if (value < defaultFrameBytesMax || value > 2 ** 24 - 1) {
        throw new ConnectionFault(ErrorCode.protocolError, 'MAX_FRAME_SIZE outside 2^14 to 2^24-1');
      }
      return;
    case Setting.maxHeaderListSize:
      settings.headerListBytesMax = value;
      return;
  }
}
