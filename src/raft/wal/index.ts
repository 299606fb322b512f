/** The write-ahead log: what a member must find again after a crash. */
export {
  decodeEntries,
  EntryRoom,
  encodeEntries,
  entriesByteLength,
  type RoomyData,
  stampEntry,
} from './entry-codec.js';
export {
  MalformedEntriesError,
  WalClosedError,
  WalCorruptionError,
  type WalCorruptionReason,
  WalIdentityError,
  WalVersionError,
} from './errors.js';
export { inspectWal, type WalItem } from './inspect.js';
export { defaultSegmentBytes, type LogLocation } from './open-log.js';
export type { WalRecord } from './record.js';
export type { CutTail } from './recovery.js';
export type { SegmentHeader, WalIdentity } from './segment-header.js';
export {
  type OpenedWal,
  type WalOptions,
  type WalStatus,
  WriteAheadLogFile,
} from './write-ahead-log-file.js';
