/** The write-ahead log: what a member must find again after a crash. */
export {
  decodeEntries,
  encodeEntries,
  encodeEntriesInto,
  entriesByteLength,
} from './entry-codec.js';
export {
  MalformedEntriesError,
  WalClosedError,
  WalCorruptionError,
  type WalCorruptionReason,
  WalIdentityError,
  WalVersionError,
} from './errors.js';
