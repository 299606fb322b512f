import type { Defect } from '../../base/defect.js';
import type { DiskFile } from '../../base/disk.js';
import type { Index } from '../core/types.js';
import { WalCorruptionError } from './errors.js';
import type { Frame } from './frame.js';
import { FrameReader } from './frame-reader.js';
import { decodeRecords, type WalRecord } from './record.js';
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './segment-header.js';
import type { SegmentName } from './segment-name.js';

/** A segment file open for reading, its header read. */
export interface OpenSegment {
  readonly path: string;
  readonly file: DiskFile;
  readonly fileBytes: number;
  readonly header: SegmentHeader;
  readonly seed: number;
  readonly reader: FrameReader;
}

/** Where the valid frames of a segment end, and how the chain stands there. */
export interface SegmentScan {
  /** Offset after the last valid frame. */
  readonly position: number;
  /** Checksum of the last valid frame, or the chain seed. */
  readonly chain: number;
  readonly lastFrame: Frame | null;
  /** Largest index of any entry in it, overwritten since or not; 0 when it has none. */
  readonly maxIndex: Index;
}

/** Reads the header of `file` and checks it against the file's name. Throws WalCorruptionError or WalVersionError. */
export async function openSegment(
  file: DiskFile,
  { sequence, firstIndex }: SegmentName,
  defects: ReadonlySet<Defect>,
): Promise<OpenSegment> {
  const path = file.path;
  const decoded = decodeSegmentHeader(await file.read(0, segmentHeaderBytes), path);
  const { header } = decoded;
  const seed = frameSeedOf(decoded, defects);
  if (header.sequence !== sequence || header.previous.index + 1 !== firstIndex) {
    throw new WalCorruptionError({
      reason: 'bad-segment-header',
      path,
      offset: 0,
      detail: `the header is of segment ${header.sequence} from index ${header.previous.index + 1}`,
    });
  }
  const fileBytes = await file.size();
  return {
    path,
    file,
    fileBytes,
    header,
    seed,
    reader: new FrameReader(file, { size: fileBytes, seed }),
  };
}

/** What a segment's frames seed their checksums with; with the seeded defect not its own. */
export function frameSeedOf(
  header: { readonly seed: number },
  defects: ReadonlySet<Defect>,
): number {
  return defects.has('wal-trusts-recycled') ? 0 : header.seed;
}

/**
 * Hands the segment's records to `onRecord` in order, up to the first place that holds no valid frame. Throws
 * WalCorruptionError when a valid frame does not follow the one before it, or holds what no log holds.
 */
export async function scanSegment(
  { path, header, reader }: OpenSegment,
  onRecord: (record: WalRecord, frame: Frame) => void,
  defects: ReadonlySet<Defect>,
): Promise<SegmentScan> {
  let position = segmentHeaderBytes;
  let chain = header.chainSeed;
  let lastFrame: Frame | null = null;
  let maxIndex = 0;
  for (;;) {
    let frame = await reader.frameAt(position);
    if (frame === null && defects.has('wal-skips-bad-record')) {
      frame = await reader.findFrame(position + 8);
      chain = frame?.previous ?? chain;
    }
    if (frame === null) break;
    if (frame.previous !== chain) {
      const detail = 'the record does not follow the one before it';
      throw new WalCorruptionError({ reason: 'chain-broken', path, offset: position, detail });
    }
    for (const record of recordsOf(frame, path)) {
      applyRecord(onRecord, record, frame, path);
      maxIndex = Math.max(maxIndex, record.entries.at(-1)?.index ?? 0);
    }
    position = frame.end;
    chain = frame.checksum;
    lastFrame = frame;
  }
  return { position, chain, lastFrame, maxIndex };
}

function recordsOf(frame: Frame, path: string): WalRecord[] {
  try {
    return decodeRecords(frame.payload, frame.recordCount);
  } catch (cause) {
    throw badContent(frame, path, cause);
  }
}

function applyRecord(
  onRecord: (record: WalRecord, frame: Frame) => void,
  record: WalRecord,
  frame: Frame,
  path: string,
): void {
  try {
    onRecord(record, frame);
  } catch (cause) {
    throw badContent(frame, path, cause);
  }
}

/** Checksums hold and the content does not: what wrote it was broken, or was not this program. */
function badContent(frame: Frame, path: string, cause: unknown): WalCorruptionError {
  return new WalCorruptionError(
    { reason: 'bad-content', path, offset: frame.offset, detail: (cause as Error).message },
    { cause },
  );
}
