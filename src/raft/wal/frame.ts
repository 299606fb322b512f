import { assert } from '../../base/assert.js';
import { getSafeUint64, setSafeUint64, viewOf } from '../../base/bytes.js';
import { crc32 } from '../../host/crc32.js';

/**
 * A frame is what one write hands to the disk and one sync makes durable: all records that collected meanwhile. Two
 * checksums, both seeded with the segment's own, so that bytes of another segment or another log never pass. The head's
 * lets a head be recognised by itself, wherever it is found and whatever became of its payload; the frame's covers head
 * and payload, and the head names the frame's before it, which makes the chain.
 */
export interface Frame {
  readonly offset: number;
  /** Offset after the frame. */
  readonly end: number;
  readonly recordCount: number;
  /** Checksum of the frame before, or the segment's chain seed. */
  readonly previous: number;
  readonly checksum: number;
  /** Head and payload as they are on disk. */
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array;
}

/** What a frame's head tells. */
export interface FrameHead {
  readonly payloadLength: number;
  readonly previous: number;
  readonly recordCount: number;
  readonly checksum: number;
}

/** Size of a frame without its payload. */
export const frameHeadBytes = 32;
/** First word of every frame: "FRAM". */
export const frameMagic = 0x4d415246;
/** Part of the head that the checksums cover. The head's own must stay out: a CRC followed by itself says nothing. */
const coveredHeadBytes = 24;

/** What a frame is to hold: a whole number of aligned records, in pieces of any size. */
export interface FramePayload {
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;
  readonly recordCount: number;
}

/** Makes the head of a frame at `offset` for `payload`. */
export function encodeFrameHead(frame: {
  readonly seed: number;
  readonly previous: number;
  readonly offset: number;
  readonly payload: FramePayload;
}): { head: Uint8Array; checksum: number } {
  const { pieces, byteLength: payloadLength, recordCount } = frame.payload;
  assert(payloadLength % 8 === 0, 'records are aligned');
  assert(frame.offset % 8 === 0, 'frames are aligned');
  const head = new Uint8Array(frameHeadBytes);
  const view = viewOf(head);
  view.setUint32(0, frameMagic, true);
  view.setUint32(4, payloadLength, true);
  view.setUint32(8, frame.previous, true);
  view.setUint32(12, recordCount, true);
  setSafeUint64(view, 16, frame.offset);
  const headChecksum = crc32(head.subarray(0, coveredHeadBytes), frame.seed);
  let checksum = headChecksum;
  for (const piece of pieces) checksum = crc32(piece, checksum);
  view.setUint32(24, headChecksum, true);
  view.setUint32(28, checksum, true);
  return { head, checksum };
}

/** Reads a frame's head, or null when these bytes are not the head of a frame at `offset` of the segment with `seed`. */
export function decodeFrameHead(
  head: Uint8Array,
  { seed, offset }: { readonly seed: number; readonly offset: number },
): FrameHead | null {
  if (head.length < frameHeadBytes) return null;
  const view = viewOf(head);
  if (view.getUint32(0, true) !== frameMagic) return null;
  if (view.getUint32(24, true) !== crc32(head.subarray(0, coveredHeadBytes), seed)) return null;
  if (getSafeUint64(view, 16) !== offset) return null;
  return {
    payloadLength: view.getUint32(4, true),
    previous: view.getUint32(8, true),
    recordCount: view.getUint32(12, true),
    checksum: view.getUint32(28, true),
  };
}

/** True when `bytes`, head and payload, have the checksum that their head states. */
export function frameVerifies(bytes: Uint8Array, head: FrameHead, seed: number): boolean {
  const headChecksum = crc32(bytes.subarray(0, coveredHeadBytes), seed);
  return crc32(bytes.subarray(frameHeadBytes), headChecksum) === head.checksum;
}
