import { equalBytes, getSafeUint64, setSafeUint64, viewOf } from '../../base/bytes.js';
import { type ClusterId, clusterId, formatId, type MemberId, memberId } from '../../base/ids.js';
import { crc32 } from '../../host/crc32.js';
import type { HardState, Index, Term } from '../core/types.js';
import { WalCorruptionError, WalIdentityError, WalVersionError } from './errors.js';
import { getHardState, setHardState } from './record.js';

/** Whose log it is. */
export interface WalIdentity {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
}

/**
 * The start of every segment. It holds the whole state as of the segment's start, so that the log can be read from any
 * segment on once those before it are released.
 */
export interface SegmentHeader extends WalIdentity {
  /** Segments are numbered from 1 without gaps. */
  readonly sequence: number;
  /** Checksum of the last frame of the segment before; 0 in the first. */
  readonly chainSeed: number;
  readonly hardState: HardState;
  /** The last entry of the log before this segment. */
  readonly previous: { readonly index: Index; readonly term: Term };
}

/** A header has a page of its own, so that no later write touches the disk sectors that it is in. */
export const segmentHeaderBytes = 4096;

const magic = Uint8Array.from('FLOTWAL\n', (char) => char.charCodeAt(0));
const formatVersion = 1;
const coveredBytes = 80;

/** A header as bytes, and what its segment's frames seed their checksums with. */
export interface EncodedSegmentHeader {
  readonly bytes: Uint8Array;
  readonly seed: number;
}

/** Encodes a header. */
export function encodeSegmentHeader(header: SegmentHeader): EncodedSegmentHeader {
  const bytes = new Uint8Array(segmentHeaderBytes);
  const view = viewOf(bytes);
  bytes.set(magic);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, header.chainSeed, true);
  view.setBigUint64(16, header.clusterId, true);
  view.setBigUint64(24, header.memberId, true);
  setSafeUint64(view, 32, header.sequence);
  setSafeUint64(view, 40, header.previous.index);
  setSafeUint64(view, 48, header.previous.term);
  setHardState(view, 56, header.hardState);
  const seed = crc32(bytes.subarray(0, coveredBytes));
  view.setUint32(coveredBytes, seed, true);
  return { bytes, seed };
}

/** Decodes a header. Throws {@link WalCorruptionError} or {@link WalVersionError}. */
export function decodeSegmentHeader(
  bytes: Uint8Array,
  path: string,
): { header: SegmentHeader; seed: number } {
  const bad = (detail: string) =>
    new WalCorruptionError({ reason: 'bad-segment-header', path, offset: 0, detail });
  if (bytes.length < segmentHeaderBytes) {
    throw bad(`the segment's header has ${bytes.length} of ${segmentHeaderBytes} bytes`);
  }
  if (!equalBytes(bytes.subarray(0, magic.length), magic)) throw bad('it is not a log segment');
  const view = viewOf(bytes);
  const seed = view.getUint32(coveredBytes, true);
  if (seed !== crc32(bytes.subarray(0, coveredBytes))) {
    throw bad("the checksum of the segment's header does not match");
  }
  const version = view.getUint32(8, true);
  if (version !== formatVersion) throw new WalVersionError(path, version);
  const header = {
    clusterId: clusterId(view.getBigUint64(16, true)),
    memberId: memberId(view.getBigUint64(24, true)),
    sequence: getSafeUint64(view, 32),
    chainSeed: view.getUint32(12, true),
    hardState: getHardState(view, 56),
    previous: { index: getSafeUint64(view, 40), term: getSafeUint64(view, 48) },
  };
  return { header, seed };
}

/** Throws {@link WalIdentityError} when the segment is not this member's. */
export function checkIdentity(header: SegmentHeader, expected: WalIdentity, path: string): void {
  if (header.clusterId !== expected.clusterId) {
    throw new WalIdentityError('wal-wrong-cluster', {
      path,
      found: formatId(header.clusterId),
      expected: formatId(expected.clusterId),
    });
  }
  if (header.memberId !== expected.memberId) {
    throw new WalIdentityError('wal-wrong-member', {
      path,
      found: formatId(header.memberId),
      expected: formatId(expected.memberId),
    });
  }
}
