import { concatBytes, equalBytes, getSafeUint64, setSafeUint64, viewOf } from '../../base/bytes.js';
import { type ClusterId, clusterId } from '../../base/ids.js';
import { crc32 } from '../../host/crc32.js';
import { decodeConfState, encodeConfState } from '../core/index.js';
import type { SnapshotMeta } from '../core/types.js';

/**
 * The bytes of a snapshot file (docs/internals/log-format.md): header, chunks, footer. One running checksum goes through
 * all of it, and every part states its value so far, so damage shows at the first part that it touches and parts cannot
 * change places. The stated values themselves stay out of it: a CRC followed by itself says nothing.
 */

/** Size of the header without the membership. */
export const fixedHeaderBytes = 40;
/** What follows the membership: the running checksum. */
export const headerTailBytes = 4;
/** What comes before a chunk's data: its length, then the running checksum after it. */
export const chunkHeadBytes = 8;
export const footerBytes = 24;
/** Larger chunks are refused, so that a damaged length does not ask for all memory. */
export const chunkBytesMax = 64 << 20;
/** A membership of thousands of members stays below this. */
export const confBytesMax = 1 << 20;

const magic = Uint8Array.from('FLOTSNP\n', (char) => char.charCodeAt(0));
const formatVersion = 1;

/** What a header says. */
export interface SnapshotHeader {
  readonly clusterId: ClusterId;
  readonly meta: SnapshotMeta;
}

/** Encodes a header; `running` is the checksum to go on with. */
export function encodeHeader(header: SnapshotHeader): { bytes: Uint8Array; running: number } {
  const conf = encodeConfState(header.meta.conf);
  const fixed = new Uint8Array(fixedHeaderBytes);
  const view = viewOf(fixed);
  fixed.set(magic);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, conf.length, true);
  view.setBigUint64(16, header.clusterId, true);
  setSafeUint64(view, 24, header.meta.index);
  setSafeUint64(view, 32, header.meta.term);
  const running = crc32(conf, crc32(fixed));
  return { bytes: concatBytes([fixed, conf, uint32(running)]), running };
}

/** Length of the membership in a header's fixed part; null when this is no header. */
export function confLengthOf(fixed: Uint8Array): number | null {
  if (fixed.length < fixedHeaderBytes) return null;
  if (!equalBytes(fixed.subarray(0, magic.length), magic)) return null;
  const view = viewOf(fixed);
  const length = view.getUint32(12, true);
  return view.getUint32(8, true) === formatVersion && length <= confBytesMax ? length : null;
}

/** Decodes a whole header; null when its checksum does not match. Throws CodecError on a malformed membership. */
export function decodeHeader(
  bytes: Uint8Array,
): { header: SnapshotHeader; running: number } | null {
  const end = bytes.length - headerTailBytes;
  const view = viewOf(bytes);
  const running = crc32(bytes.subarray(0, end));
  if (view.getUint32(end, true) !== running) return null;
  const header = {
    clusterId: clusterId(view.getBigUint64(16, true)),
    meta: {
      index: getSafeUint64(view, 24),
      term: getSafeUint64(view, 32),
      conf: decodeConfState(bytes.subarray(fixedHeaderBytes, end)),
    },
  };
  return { header, running };
}

/** Encodes what comes before a chunk's data; `running` goes in as it was before and comes out as it is after. */
export function encodeChunkHead(
  data: Uint8Array,
  running: number,
): { head: Uint8Array; running: number } {
  const length = uint32(data.length);
  const after = crc32(data, crc32(length, running));
  return { head: concatBytes([length, uint32(after)]), running: after };
}

/** Encodes the footer: a length of zero, the totals and the last running checksum. */
export function encodeFooter(
  totals: { readonly dataBytes: number; readonly chunks: number },
  running: number,
): Uint8Array {
  const bytes = new Uint8Array(footerBytes);
  const view = viewOf(bytes);
  setSafeUint64(view, 4, totals.dataBytes);
  setSafeUint64(view, 12, totals.chunks);
  view.setUint32(20, crc32(bytes.subarray(0, 20), running), true);
  return bytes;
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}
