import { viewOf } from '../../base/bytes.js';
import { crc32c } from '../../base/crc32c.js';
import type { Disk } from '../../base/disk.js';
import { emptyBytes, Reader, WireError } from '../../wire/index.js';
import { EtcdDataError } from './errors.js';
import { safeCounter } from './etcd-content.js';

/** What a log of etcd's says of its member. */
export interface EtcdLogSummary {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** The last entry, or the one that the log begins after, and its term. */
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The last entry that changes anything, which a new leader's first does not, and the last that writes keys; 0 for none. */
  readonly lastChangeIndex: number;
  readonly lastWriteIndex: number;
  /** The highest term in it, of entries and of votes. */
  readonly term: number;
}

/** Types of records. */
const RecordType = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const;
/** etcd cuts a segment at 64 MB; one entry may make it longer. */
const fileBytesMax = 1 << 30;

/**
 * Reads the log of a member of etcd's that has stopped: files of records, each framed by its length, with one checksum going through
 * all. A record at the end that is not whole is one that etcd would drop too. Rejects with EtcdDataError.
 */
export async function readEtcdLog(disk: Disk, dir: string): Promise<EtcdLogSummary> {
  const names = (await disk.list(dir)).filter((name) =>
    /^[0-9a-f]{16}-[0-9a-f]{16}\.wal$/.test(name),
  );
  const log = new LogReader();
  for (const [i, name] of names.entries()) {
    const bytes = await wholeFile(disk, `${dir}/${name}`);
    const isWhole = log.read(bytes);
    if (!isWhole && i < names.length - 1) throw damagedLog(`${name} is damaged`);
  }
  return log.summary();
}

async function wholeFile(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, { create: false });
  try {
    const size = await file.size();
    if (size > fileBytesMax) throw damagedLog(`${path} has ${size} bytes`);
    return await file.read(0, size);
  } finally {
    await file.close();
  }
}

class LogReader {
  #crc = 0;
  #identity: { readonly clusterId: bigint; readonly memberId: bigint } | null = null;
  #last = { lastIndex: 0, lastTerm: 0 };
  #term = 0;
  /** Indexes of the entries that change something, and of those that write keys, in order. */
  readonly #changes: number[] = [];
  readonly #writes: number[] = [];

  /** Takes in the records of a file. False when it ends with one that is not whole. */
  read(bytes: Uint8Array): boolean {
    const view = viewOf(bytes);
    for (let at = 0; at + 8 <= bytes.length; ) {
      const frame = view.getBigInt64(at, true);
      // Files are allocated ahead, with zeros.
      if (frame === 0n) return true;
      const length = Number(BigInt.asUintN(56, frame));
      const padding = frame < 0n ? Number(BigInt.asUintN(64, frame) >> 56n) & 7 : 0;
      const end = at + 8 + length + padding;
      if (end > bytes.length) return false;
      if (!this.#readRecord(bytes.subarray(at + 8, at + 8 + length))) return false;
      at = end;
    }
    return true;
  }

  summary(): EtcdLogSummary {
    if (this.#identity === null) throw damagedLog('it does not say whose it is');
    return {
      ...this.#identity,
      ...this.#last,
      term: this.#term,
      lastChangeIndex: this.#changes.at(-1) ?? 0,
      lastWriteIndex: this.#writes.at(-1) ?? 0,
    };
  }

  #readRecord(bytes: Uint8Array): boolean {
    const record = parseRecord(bytes);
    if (record === null) return false;
    if (record.type === RecordType.crc) {
      // The checksum goes on from file to file.
      if (this.#crc !== 0 && this.#crc !== record.crc) return false;
      this.#crc = record.crc;
      return true;
    }
    const crc = crc32c(record.data, this.#crc);
    if (crc !== record.crc) return false;
    this.#crc = crc;
    this.#take(record);
    return true;
  }

  #take({ type, data }: LogRecord): void {
    const fields = numberFields(data);
    const field = (number: number) => fields.get(number) ?? 0n;
    if (type === RecordType.metadata) {
      this.#identity = { memberId: field(1), clusterId: field(2) };
    } else if (type === RecordType.entry) {
      this.#setLast(field(3), field(2));
      this.#noteChange(data);
    } else if (type === RecordType.snapshot) {
      const isAhead = field(1) > BigInt(this.#last.lastIndex);
      if (isAhead) this.#setLast(field(1), field(2));
    } else if (type === RecordType.state) {
      this.#term = Math.max(this.#term, safeCounter(field(1)));
    }
  }

  /** An entry may take the place of others, which are not in the log any more. */
  #noteChange(entry: Uint8Array): void {
    const { lastIndex } = this.#last;
    for (const indexes of [this.#changes, this.#writes]) {
      while ((indexes.at(-1) ?? 0) >= lastIndex) indexes.pop();
    }
    const data = messageField(entry, (number) => number === 4);
    if (data === null || data.length === 0) return;
    this.#changes.push(lastIndex);
    if (writesKeys(data)) this.#writes.push(lastIndex);
  }

  #setLast(index: bigint, term: bigint): void {
    this.#last = { lastIndex: safeCounter(index), lastTerm: safeCounter(term) };
    this.#term = Math.max(this.#term, this.#last.lastTerm);
  }
}

interface LogRecord {
  readonly type: number;
  readonly crc: number;
  readonly data: Uint8Array;
}

/** walpb.Record: 1 is the type, 2 the checksum, 3 the data. Null when it is none. */
function parseRecord(bytes: Uint8Array): LogRecord | null {
  try {
    const reader = new Reader(bytes);
    let type = 0;
    let crc = 0;
    let data: Uint8Array = emptyBytes;
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === 8) type = reader.int64Number();
      else if (tag === 16) crc = reader.uint32();
      else if (tag === 26) data = reader.bytes();
      else reader.skip(tag, false);
    }
    return { type, crc, data };
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** The numbers among a message's fields: all that counts of raftpb.Entry, HardState, walpb.Snapshot and etcd's Metadata. */
function numberFields(bytes: Uint8Array): ReadonlyMap<number, bigint> {
  const fields = new Map<number, bigint>();
  try {
    const reader = new Reader(bytes);
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if ((tag & 7) === 0) fields.set(tag >>> 3, reader.uint64());
      else reader.skip(tag, false);
    }
  } catch (cause) {
    if (cause instanceof WireError) throw damagedLog(cause.message);
    throw cause;
  }
  return fields;
}

/** Whether an entry's data are a put, a deletion or a txn: fields 4 to 6 of InternalRaftRequest. */
function writesKeys(data: Uint8Array): boolean {
  return messageField(data, (number) => number >= 4 && number <= 6) !== null;
}

/** The first field with such a number that holds bytes; null for none, and for bytes that are no message. */
function messageField(bytes: Uint8Array, isWanted: (number: number) => boolean): Uint8Array | null {
  try {
    const reader = new Reader(bytes);
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if ((tag & 7) === 2 && isWanted(tag >>> 3)) return reader.bytes();
      reader.skip(tag, false);
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  return null;
}

function damagedLog(what: string): EtcdDataError {
  return new EtcdDataError('damaged', `etcd's write-ahead log is damaged: ${what}`);
}
