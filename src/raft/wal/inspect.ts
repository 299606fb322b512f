import { noDefects } from '../../base/defect.js';
import type { Disk } from '../../base/disk.js';
import { WalCorruptionError } from './errors.js';
import type { WalRecord } from './record.js';
import { listSegments } from './recovery.js';
import type { SegmentHeader } from './segment-header.js';
import { openSegment, scanSegment } from './segment-scan.js';

/** One thing found in a log, in the order of the log. */
export type WalItem =
  | { readonly kind: 'segment'; readonly path: string; readonly header: SegmentHeader }
  | {
      readonly kind: 'record';
      readonly path: string;
      /** Of the frame that holds it; records of one frame were made durable by one sync. */
      readonly offset: number;
      readonly record: WalRecord;
    }
  /**
   * Where the segment's valid frames end. In the last segment, `otherBytes` after it hold a frame that was not finished, or
   * what the file held before it was recycled; in others only the latter, if the log is whole.
   */
  | {
      readonly kind: 'segment-end';
      readonly path: string;
      readonly offset: number;
      readonly otherBytes: number;
    }
  /** The segment cannot be read further, or does not continue the one before. */
  | { readonly kind: 'problem'; readonly path: string; readonly error: WalCorruptionError };

/**
 * Lists a log without changing it, for a person to look at: whatever can be read, segment by segment, with what is wrong
 * where it is wrong. The log may be damaged, and may belong to any member. Throws WalVersionError and DiskError.
 */
export async function* inspectWal(disk: Disk, dir: string): AsyncGenerator<WalItem> {
  let chain: number | null = null;
  for (const name of await listSegments(disk, dir)) {
    const path = `${dir}/${name.name}`;
    const file = await disk.open(path, { create: false });
    try {
      const items: WalItem[] = [];
      const segment = await openSegment(file, name, noDefects);
      yield { kind: 'segment', path, header: segment.header };
      if (chain !== null && chain !== segment.header.chainSeed) yield brokenChain(path);
      const take = (record: WalRecord, { offset }: { readonly offset: number }) =>
        items.push({ kind: 'record', path, offset, record });
      const scanning = scanSegment(segment, take, noDefects);
      const scan = await scanning.catch((error: unknown) => problemOf(path, error));
      yield* items;
      if ('kind' in scan) {
        yield scan;
        chain = null;
        continue;
      }
      chain = scan.chain;
      const end = await segment.reader.endOfNonZero(scan.position);
      yield {
        kind: 'segment-end',
        path,
        offset: scan.position,
        otherBytes: end - scan.position,
      };
    } catch (error) {
      yield problemOf(path, error);
      chain = null;
    } finally {
      await file.close();
    }
  }
}

function problemOf(path: string, error: unknown): Extract<WalItem, { kind: 'problem' }> {
  if (error instanceof WalCorruptionError) return { kind: 'problem', path, error };
  throw error;
}

function brokenChain(path: string): WalItem {
  const detail = 'the segment does not begin where the one before it ends';
  const error = new WalCorruptionError({ reason: 'chain-broken', path, offset: 0, detail });
  return { kind: 'problem', path, error };
}
