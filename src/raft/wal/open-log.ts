import { assert } from '../../base/assert.js';
import { type Defect, noDefects } from '../../base/defect.js';
import type { Disk } from '../../base/disk.js';
import { makeDurableDir } from '../../base/durable-dir.js';
import type { HardState, Index, Term } from '../core/types.js';
import type { WalRecovery } from '../node/contracts.js';
import { type CutTail, listSegments, recoverLog, type SealedSegment } from './recovery.js';
import { initialHardState } from './replay.js';
import { Segment } from './segment.js';
import { encodeSegmentHeader, segmentHeaderBytes, type WalIdentity } from './segment-header.js';
import { isSpareSegmentName, segmentName } from './segment-name.js';
import { frameSeedOf } from './segment-scan.js';
import { makeSpareFile } from './spare-segment.js';

/** Where and whose the log is. */
export interface LogLocation extends WalIdentity {
  readonly disk: Disk;
  /** Folder of the log alone; made when absent. */
  readonly dir: string;
  /** Size to which segments are preallocated; the default is {@link defaultSegmentBytes}, the least 8 KiB. */
  readonly segmentBytes?: number;
  readonly defects?: ReadonlySet<Defect>;
}

/** What the log is at some point: what a segment that begins there starts with. */
export interface LogState {
  readonly hardState: HardState;
  /** The last entry, or the one before the log's start. */
  readonly last: { readonly index: Index; readonly term: Term };
}

/** A log that is ready to be appended to. */
export interface OpenLog {
  readonly sealed: SealedSegment[];
  readonly current: Segment;
  readonly state: LogState;
  readonly recovery: WalRecovery;
  readonly cut: CutTail | null;
}

/**
 * At 10 MB/s a segment lasts 1.6 s, so the few extra syncs that changing segments takes are lost among hundreds, while
 * a member that idles holds 16 MiB and one that starts fills them in a few hundredths of a second.
 */
export const defaultSegmentBytes = 16 << 20;

/** Size to which the log's segments are preallocated. */
export function segmentBytesOf({ segmentBytes = defaultSegmentBytes }: LogLocation): number {
  assert(segmentBytes >= 2 * segmentHeaderBytes, `segmentBytes ${segmentBytes} is below 8 KiB`);
  return segmentBytes;
}

/** Recovers the log in the folder, or makes an empty one. All that is returned is durable. */
export async function openLog(location: LogLocation): Promise<OpenLog> {
  const { disk, dir } = location;
  await makeDurableDir(disk, dir);
  for (const name of await disk.list(dir)) {
    if (isSpareSegmentName(name)) await disk.remove(`${dir}/${name}`);
  }
  const names = await listSegments(disk, dir);
  if (names.length === 0) return createLog(location);
  const log = await recoverLog(names, { ...location, defects: location.defects ?? noDefects });
  await disk.syncDir(dir);
  return {
    sealed: log.sealed,
    current: new Segment({ ...log.tail, sequence: log.tail.header.sequence, seeds: null }),
    state: { hardState: log.replay.hardState, last: log.replay.last },
    recovery: log.replay.finish(),
    cut: log.cut,
  };
}

/** The first segment gets its name only when it is whole, as all others do. */
async function createLog(location: LogLocation): Promise<OpenLog> {
  const { disk, dir, clusterId, memberId } = location;
  const state: LogState = { hardState: initialHardState, last: { index: 0, term: 0 } };
  const fileBytes = segmentBytesOf(location);
  const spare = await makeSpareFile({ disk, dir, sequence: 1, fileBytes });
  const path = `${dir}/${segmentName(1, 1)}`;
  const header = { clusterId, memberId, sequence: 1, chainSeed: 0, previous: state.last };
  const encoded = encodeSegmentHeader({ ...header, hardState: state.hardState });
  const current = Segment.begin(spare, {
    ...header,
    path,
    headerBytes: encoded.bytes,
    seed: frameSeedOf(encoded, location.defects ?? noDefects),
  });
  await current.sync();
  await disk.rename(spare.path, path);
  await disk.syncDir(dir);
  const recovery = { hardState: state.hardState, base: state.last, entries: [] };
  return { sealed: [], current, state, recovery, cut: null };
}
