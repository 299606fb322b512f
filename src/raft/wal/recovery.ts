import { defined } from '../../base/assert.js';
import type { Defect } from '../../base/defect.js';
import type { Disk, DiskFile } from '../../base/disk.js';
import type { Index } from '../core/types.js';
import { WalCorruptionError } from './errors.js';
import { LogReplay } from './replay.js';
import { checkIdentity, type WalIdentity } from './segment-header.js';
import { parseSegmentName, type SegmentName } from './segment-name.js';
import { type OpenSegment, openSegment, type SegmentScan, scanSegment } from './segment-scan.js';

/** A segment that is written no more. */
export interface SealedSegment {
  readonly path: string;
  readonly sequence: number;
  readonly fileBytes: number;
  /** Largest index of any entry written in it, overwritten since or not; 0 when it has none. */
  readonly maxIndex: Index;
  /** The seeds of all segments that its file has held, its own the last; null when an earlier life of the log wrote it. */
  readonly seeds: readonly number[] | null;
}

/** The last segment, open, to be continued where its frames end. */
export type RecoveredTail = OpenSegment & SegmentScan;

/** Bytes after the end of the log that were set to zeros: of a frame that was never durable, or of the file's former use. */
export interface CutTail {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

/** All that is read from a log that exists. */
export interface RecoveredLog {
  readonly replay: LogReplay;
  readonly sealed: SealedSegment[];
  readonly tail: RecoveredTail;
  readonly cut: CutTail | null;
}

/** What recovery needs to know. */
export interface RecoveryOptions extends WalIdentity {
  readonly disk: Disk;
  readonly dir: string;
  readonly defects: ReadonlySet<Defect>;
}

/** Zeros are written in pieces of this size. */
const zeroChunkBytes = 1 << 20;

/** The segments in a folder in order. Throws {@link WalCorruptionError} when one is missing between others. */
export async function listSegments(disk: Disk, dir: string): Promise<SegmentName[]> {
  const segments: SegmentName[] = [];
  for (const name of await disk.list(dir)) {
    if (!name.endsWith('.log')) continue;
    const path = `${dir}/${name}`;
    const segment = parseSegmentName(name);
    if (segment === null) {
      const detail = "the file's name is not a segment's";
      throw new WalCorruptionError({ reason: 'bad-segment-name', path, offset: 0, detail });
    }
    const before = segments.at(-1);
    if (before !== undefined && segment.sequence !== before.sequence + 1) {
      const detail = `segment ${before.sequence + 1}, which comes before it, is missing`;
      throw new WalCorruptionError({ reason: 'missing-segment', path, offset: 0, detail });
    }
    segments.push(segment);
  }
  return segments;
}

/**
 * Reads the whole log. What was torn at its end is cut, and the cut is durable before this resolves. Whatever else is
 * wrong throws {@link WalCorruptionError}, WalIdentityError or WalVersionError and changes nothing; the rules are in
 * docs/internals/log-format.md.
 */
export async function recoverLog(
  names: readonly SegmentName[],
  options: RecoveryOptions,
): Promise<RecoveredLog> {
  const replay = new LogReplay();
  const sealed: SealedSegment[] = [];
  let tail: RecoveredTail | null = null;
  for (const name of names) {
    const before = tail;
    tail = await recoverSegment({ name, before, replay, options });
    if (before === null) continue;
    await before.file.close();
    const { path, fileBytes, maxIndex, header } = before;
    sealed.push({ path, sequence: header.sequence, fileBytes, maxIndex, seeds: null });
  }
  const last = defined(tail, 'a segment to recover');
  return {
    replay,
    sealed,
    tail: last,
    cut: await closingOnError(last.file, () => repairTail(last)),
  };
}

async function recoverSegment({
  name,
  before,
  replay,
  options,
}: {
  readonly name: SegmentName;
  readonly before: RecoveredTail | null;
  readonly replay: LogReplay;
  readonly options: RecoveryOptions;
}): Promise<RecoveredTail> {
  const file = await options.disk.open(`${options.dir}/${name.name}`, { create: false });
  return closingOnError(file, async () => {
    const segment = await openSegment(file, name, options.defects);
    checkIdentity(segment.header, options, segment.path);
    if (before === null) replay.start(segment.header);
    else checkContinues(segment, before, replay);
    const scan = await scanSegment(segment, (record) => replay.apply(record), options.defects);
    return { ...segment, ...scan };
  });
}

/** A segment begins where the one before ended; it was made only when all before was durable. */
function checkContinues(segment: OpenSegment, before: RecoveredTail, replay: LogReplay): void {
  if (segment.header.chainSeed !== before.chain) {
    throw new WalCorruptionError({
      reason: 'bad-record-in-sealed-segment',
      path: before.path,
      offset: before.position,
      detail: 'no valid record is here, although the log went on in the next segment',
    });
  }
  if (!replay.agreesWith(segment.header)) {
    throw new WalCorruptionError({
      reason: 'state-mismatch',
      path: segment.path,
      offset: 0,
      detail: 'the segment does not begin with the state that the segments before it lead to',
    });
  }
}

/**
 * Decides what the bytes after the last valid frame are. One frame at most is ever written and not yet synced, so a
 * frame head anywhere after the bad place tells that what is bad was durable. Without one it is a torn write, which
 * nobody was told of, or what the file held before it was recycled, and is overwritten with zeros. The last frame is written again as it is: it may be in the page
 * cache alone, left by a process that died, or whose sync failed, before it was durable.
 */
async function repairTail(tail: RecoveredTail): Promise<CutTail | null> {
  const { file, path, position, reader, lastFrame } = tail;
  const laterHead = await reader.findHead(position + 8);
  if (laterHead !== null) {
    throw new WalCorruptionError({
      reason: 'bad-record-before-valid',
      path,
      offset: position,
      detail: `no valid record is here, although another one follows at offset ${laterHead}`,
    });
  }
  const end = await reader.endOfNonZero(position);
  writeZeros(file, position, end);
  if (lastFrame !== null) file.write(lastFrame.offset, [lastFrame.bytes]);
  await file.sync();
  return end === position ? null : { path, offset: position, bytes: end - position };
}

function writeZeros(file: DiskFile, from: number, to: number): void {
  const zeros = new Uint8Array(Math.min(zeroChunkBytes, to - from));
  for (let at = from; at < to; at += zeros.length) {
    file.write(at, [zeros.subarray(0, Math.min(zeros.length, to - at))]);
  }
}

async function closingOnError<T>(file: DiskFile, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    await file.close();
    throw error;
  }
}
