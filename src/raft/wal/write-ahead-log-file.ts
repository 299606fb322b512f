import { assert } from '../../base/assert.js';
import { noDefects } from '../../base/defect.js';
import type { Index } from '../core/types.js';
import type { WalRecovery, WriteAheadLog } from '../node/contracts.js';
import { WalClosedError } from './errors.js';
import {
  type LogLocation,
  type LogState,
  type OpenLog,
  openLog,
  segmentBytesOf,
} from './open-log.js';
import { encodeRecord } from './record.js';
import type { CutTail, SealedSegment } from './recovery.js';
import { Segment } from './segment.js';
import { encodeSegmentHeader } from './segment-header.js';
import { segmentName, spareSegmentName } from './segment-name.js';
import { frameSeedOf } from './segment-scan.js';
import { SpareSegment } from './spare-segment.js';
import { SyncPace } from './sync-pace.js';

type Append = Parameters<WriteAheadLog['append']>[0];

/** How a log is opened. */
export interface WalOptions extends LogLocation {
  /** All appends up to and including `sequence` are durable. Called in order, once for each sync. */
  readonly onDurable: (sequence: number) => void;
  /**
   * A write or a sync failed. Called once. Nothing is known of what was not reported durable, nothing more is taken, and
   * the process is to stop: a sync is never tried again, since what failed may look clean to the next one.
   */
  readonly onFailure: (error: Error) => void;
}

/** What opening a log gives. */
export interface OpenedWal {
  readonly wal: WriteAheadLogFile;
  readonly recovery: WalRecovery;
  /** What a crash left torn at the end, and was cut; null when nothing was. */
  readonly cut: CutTail | null;
}

/** What a log holds on disk. */
export interface WalStatus {
  readonly segments: number;
  /** Size of all files, preallocated room included. */
  readonly bytes: number;
  /** The last entry appended, or the one before the log's start. */
  readonly lastIndex: Index;
  /** Entries from the log's start, or the last release, to the end. */
  readonly entries: number;
}

/** What collected beyond this waits for the next frame, so that no sync is endless. One append alone may exceed it. */
const frameBytesMax = 8 << 20;

/** More than this is not waited for: writing it takes its time too. */
const blockingBytesMax = 64 << 10;

interface CollectedAppend {
  readonly sequence: number;
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;
  /** Largest index among the entries; 0 without any. */
  readonly maxIndex: Index;
  readonly after: LogState;
}

/** Appends that are written as one frame. */
interface Group {
  readonly pieces: Uint8Array[];
  byteLength: number;
  recordCount: number;
  maxIndex: Index;
  sequence: number;
  after: LogState;
}

/**
 * The write-ahead log on a disk (docs/internals/log-format.md). Group commit: an append that finds no sync in flight is
 * written at once, as a frame; those that come while a sync is in flight collect, and are written as one frame when it
 * is done. So at most one frame is ever written and not durable, which is what lets recovery tell a torn write from
 * corruption. What collects is bounded by the consensus core, which bounds what is uncommitted and in flight.
 *
 * A sync runs on a thread of its own, which costs two changes of threads. Where the caller has nothing else to do
 * (`mayBlock`) and the disk has been quick, the sync is waited for: `onDurable` comes from within {@link append}.
 */
export class WriteAheadLogFile implements WriteAheadLog {
  readonly #options: WalOptions;
  readonly #segmentBytes: number;
  readonly #spare: SpareSegment;
  readonly #pace = new SyncPace();
  /** Invariant: each is durable as a whole, and the current segment continues the last. */
  readonly #sealed: SealedSegment[];
  #current: Segment;
  /** Appends that are not written yet, in order. */
  #collected: CollectedAppend[] = [];
  /** State after all that was appended. */
  #appended: LogState;
  /** State after all that was written. */
  #written: LogState;
  /** The log starts after this entry; nothing at or before it is overwritten. */
  #floor: Index;
  #lastSequence = -1;
  #isFlushing = false;
  #flushed: Promise<void> = Promise.resolve();
  #released: Promise<void> = Promise.resolve();
  #failure: Error | null = null;
  #closed: Promise<void> | null = null;

  private constructor(options: WalOptions, log: OpenLog) {
    this.#options = options;
    this.#segmentBytes = segmentBytesOf(options);
    this.#spare = new SpareSegment({
      disk: options.disk,
      dir: options.dir,
      fileBytes: this.#segmentBytes,
      onFailure: (error) => this.#fail(error),
    });
    this.#sealed = log.sealed;
    this.#current = log.current;
    this.#appended = log.state;
    this.#written = log.state;
    this.#floor = log.recovery.base.index;
  }

  /**
   * Opens the log in a folder, or makes it there. What is recovered is durable. Throws WalCorruptionError,
   * WalIdentityError, WalVersionError or DiskError, and then has changed nothing that was in the log.
   */
  static async open(options: WalOptions): Promise<OpenedWal> {
    const log = await openLog(options);
    return { wal: new WriteAheadLogFile(options, log), recovery: log.recovery, cut: log.cut };
  }

  /** Sizes for a status report. */
  get status(): WalStatus {
    const lastIndex = this.#appended.last.index;
    let bytes = this.#current.fileBytes;
    for (const segment of this.#sealed) bytes += segment.fileBytes;
    return {
      segments: this.#sealed.length + 1,
      bytes,
      lastIndex,
      entries: lastIndex - this.#floor,
    };
  }

  /** Throws {@link WalClosedError} after a failure or {@link close}. */
  append(write: Append): void {
    if (this.#failure) throw new WalClosedError('the log failed', { cause: this.#failure });
    if (this.#closed) throw new WalClosedError('the log is closed');
    assert(write.sequence > this.#lastSequence, `append ${write.sequence} is out of order`);
    this.#lastSequence = write.sequence;
    this.#collect(write);
    if (this.#isFlushing) return;
    if (write.mayBlock === true && this.#pace.waitsForNext() && this.#flushBlocking()) return;
    this.#isFlushing = true;
    this.#flushed = this.#flush();
  }

  /**
   * Entries up to `index` are committed, and what they did is durable elsewhere. Segments are removed, or recycled, oldest first,
   * each durably before the next, so that a crash leaves no gap. `index` may be beyond the log: the state came from elsewhere.
   */
  release(index: Index): Promise<void> {
    this.#floor = Math.max(this.#floor, Math.min(index, this.#appended.last.index));
    const released = this.#released.then(() => this.#removeSegments(index));
    this.#released = released.catch(() => undefined);
    return released;
  }

  /**
   * Also ends the log with an empty frame, after which damage to the last real one can no longer be taken for a torn
   * write.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #collect({ sequence, hardState, snapshot, entries }: Append): void {
    const before = this.#appended;
    let last = before.last;
    if (snapshot) {
      assert(snapshot.index >= this.#floor, `snapshot ${snapshot.index} is before the log`);
      this.#floor = snapshot.index;
      last = { index: snapshot.index, term: snapshot.term };
    }
    const first = entries[0];
    const newest = entries.at(-1);
    if (first !== undefined && newest !== undefined) {
      assert(first.index > this.#floor, `entry ${first.index} is before the log`);
      assert(first.index <= last.index + 1, `entry ${first.index} leaves a gap`);
      last = { index: newest.index, term: newest.term };
    }
    this.#appended = { hardState: hardState ?? before.hardState, last };
    this.#collected.push({
      sequence,
      ...encodeRecord({ hardState, snapshot, entries }),
      maxIndex: newest?.index ?? 0,
      after: this.#appended,
    });
  }

  async #flush(): Promise<void> {
    while (this.#collected.length > 0 && this.#failure === null) {
      const group = this.#takeGroup();
      try {
        await this.#writeGroup(group);
      } catch (error) {
        this.#fail(error);
      }
      if (this.#failure !== null) break;
      this.#onWritten(group);
    }
    this.#isFlushing = false;
  }

  /** Writes what was collected and waits for the disk. False, and nothing is done: it is too much, or begins a segment. */
  #flushBlocking(): boolean {
    let bytes = 0;
    for (const { byteLength } of this.#collected) bytes += byteLength;
    if (bytes > blockingBytesMax || !this.#current.fits(bytes, this.#segmentBytes)) return false;
    const group = this.#takeGroup();
    try {
      this.#current.write(group, group.maxIndex);
      this.#pace.note(this.#current.syncBlocking());
    } catch (error) {
      this.#fail(error);
      return true;
    }
    this.#onWritten(group);
    return true;
  }

  #onWritten(group: Group): void {
    this.#written = group.after;
    if (this.#current.position > this.#segmentBytes / 2) {
      this.#spare.request(this.#current.sequence + 1);
    }
    this.#options.onDurable(group.sequence);
  }

  #takeGroup(): Group {
    const group: Group = {
      pieces: [],
      byteLength: 0,
      recordCount: 0,
      maxIndex: 0,
      sequence: this.#lastSequence,
      after: this.#written,
    };
    for (const { pieces, byteLength, maxIndex, sequence, after } of this.#collected) {
      if (group.byteLength > 0 && group.byteLength + byteLength > frameBytesMax) break;
      group.pieces.push(...pieces);
      group.byteLength += byteLength;
      group.recordCount++;
      group.maxIndex = Math.max(group.maxIndex, maxIndex);
      group.sequence = sequence;
      group.after = after;
    }
    this.#collected.splice(0, group.recordCount);
    return group;
  }

  async #writeGroup(group: Group): Promise<void> {
    const fits = this.#current.fits(group.byteLength, this.#segmentBytes);
    const next = fits || this.#current.isEmpty ? null : this.#nextSegment();
    if (next !== null) {
      await this.#writeToNextSegment(group, next);
      return;
    }
    this.#current.write(group, group.maxIndex);
    await this.#current.sync();
  }

  /** Begins the segment after the current one, in the file that waits for it; null when there is none. */
  #nextSegment(): { readonly segment: Segment; readonly sparePath: string } | null {
    const { dir, clusterId, memberId, defects } = this.#options;
    const { sequence, chain: chainSeed } = this.#current;
    const { hardState, last } = this.#written;
    const header = { clusterId, memberId, sequence: sequence + 1, chainSeed, previous: last };
    const encoded = encodeSegmentHeader({ ...header, hardState });
    const spare = this.#spare.take(encoded.seed);
    if (spare === null) return null;
    const segment = Segment.begin(spare, {
      ...header,
      path: `${dir}/${segmentName(header.sequence, last.index + 1)}`,
      headerBytes: encoded.bytes,
      seed: frameSeedOf(encoded, defects ?? noDefects),
    });
    return { segment, sparePath: spare.path };
  }

  /** The segment gets its name, and so becomes part of the log, only when it is durable with its first frame. */
  async #writeToNextSegment(
    group: Group,
    { segment, sparePath }: { readonly segment: Segment; readonly sparePath: string },
  ): Promise<void> {
    const { disk, dir } = this.#options;
    const finished = this.#current;
    segment.write(group, group.maxIndex);
    this.#current = segment;
    await segment.sync();
    await disk.rename(sparePath, segment.path);
    await disk.syncDir(dir);
    this.#sealed.push(finished.seal());
    await finished.close();
  }

  async #removeSegments(index: Index): Promise<void> {
    const { disk, dir } = this.#options;
    for (let oldest = this.#sealed[0]; oldest !== undefined; oldest = this.#sealed[0]) {
      if (oldest.maxIndex > index || this.#failure !== null) return;
      const isRecycled = this.#spare.wants(oldest);
      const recycledPath = `${dir}/${spareSegmentName(oldest.sequence)}`;
      if (isRecycled) await disk.rename(oldest.path, recycledPath);
      else await disk.remove(oldest.path);
      try {
        await disk.syncDir(dir);
      } catch (error) {
        this.#fail(error);
        throw error;
      }
      this.#sealed.shift();
      if (isRecycled) this.#spare.recycle(oldest, recycledPath);
    }
  }

  async #close(): Promise<void> {
    await this.#flushed;
    await this.#released;
    if (this.#failure === null) await this.#writeEndMark();
    await this.#spare.close();
    await this.#current.close();
  }

  async #writeEndMark(): Promise<void> {
    try {
      this.#current.write({ pieces: [], byteLength: 0, recordCount: 0 }, 0);
      await this.#current.sync();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#options.onFailure(this.#failure);
  }
}
