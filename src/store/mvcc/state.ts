import { assert } from '../../base/assert.js';
import { toLatin1 } from '../../base/bytes.js';
import type { OrderedDb } from '../../base/ordered-db.js';
import { WireError } from '../../wire/errors.js';
import type { KeyValue } from '../../wire/gen/mvccpb.js';
import { allRevisionKeys, parseRevisionKey, revisionKey } from '../schema/keys.js';
import { damaged } from '../schema/meta.js';
import { decodeRecord } from '../schema/revision-record.js';
import type { Revision } from './key-entry.js';
import { KeyIndex } from './key-index.js';
import { RevisionTail } from './revision-tail.js';
import { ValueCache } from './value-cache.js';

/** Share of the value budget that goes to records read back from the database. */
const cacheShare = 0.25;

/** The multi-version store's state in memory, over one database. A snapshot restore replaces it as a whole. */
export class MvccState {
  readonly db: OrderedDb;
  readonly index = new KeyIndex();
  readonly tail: RevisionTail;
  readonly cache: ValueCache;
  /** Newest applied revision; 1 for an empty store. Invariant: >= compactRevision. */
  revision = 1;
  /** Revision of the last compaction applied, -1 before the first. Reads below it are refused. */
  compactRevision = -1;
  /** Revision of the last compaction whose deletions are all done. */
  compactFinished = -1;
  /** Bytes of all revision records written, and how many; less what compactions deleted. Approximate after these. */
  recordBytes = 0;
  recordCount = 0;

  constructor(db: OrderedDb, valueCacheBytesMax: number) {
    this.db = db;
    this.tail = new RevisionTail(valueCacheBytesMax * (1 - cacheShare));
    this.cache = new ValueCache(valueCacheBytesMax * cacheShare);
  }

  /** Reads every revision record of the database into the index and the newest into the tail. */
  async load(): Promise<void> {
    this.tail.onFlushed(this.revision);
    // Above the compaction revision no change may be missing: LevelDB is to lose its end only, never its middle.
    let last: Revision = { main: Math.max(this.compactRevision, 1), sub: -1 };
    for await (const step of this.db.iterate(allRevisionKeys)) {
      for (const [key, record] of step) {
        const at = this.#loadRecord(key, record);
        if (at.main <= this.compactRevision) continue;
        const follows = at.main === last.main ? at.sub === last.sub + 1 : at.sub === 0;
        if (!follows || at.main > last.main + 1) throw damagedRecord(last.main, last.sub + 1);
        last = at;
      }
    }
    if (last.main < this.revision) throw damagedRecord(last.main + 1, 0);
  }

  /** A record that is in memory. */
  recordInMemory(main: number, sub: number): Uint8Array | undefined {
    return this.tail.find(main, sub) ?? this.cache.get(main, sub);
  }

  /** A record that certainly exists, read from the database if it must be: it blocks the thread then. */
  recordNow(main: number, sub: number): Uint8Array {
    const inMemory = this.recordInMemory(main, sub);
    if (inMemory !== undefined) return inMemory;
    const record = this.db.getSync(revisionKey(main, sub));
    assert(record !== undefined, `revision ${main}.${sub} is in the index but not in the database`);
    this.cache.set(main, sub, record);
    return record;
  }

  /** Accounts for a record written. */
  onRecordWritten(bytes: number): void {
    this.recordBytes += bytes;
    this.recordCount++;
  }

  /** Accounts for `count` records deleted; their size is taken as the average. */
  onRecordsDeleted(count: number): void {
    if (this.recordCount === 0) return;
    this.recordBytes -= (this.recordBytes / this.recordCount) * count;
    this.recordCount -= count;
  }

  #loadRecord(key: Uint8Array, record: Uint8Array): Revision {
    const at = parseRevisionKey(key);
    const kv = decodeStored(record, at.main, at.sub);
    if (at.main > this.revision || kv.modRevision !== at.main) throw damagedRecord(at.main, at.sub);
    this.index.load(toLatin1(kv.key), at, kv.createRevision, kv.version, kv.lease);
    this.tail.appendStored(at, record);
    this.onRecordWritten(key.length + record.length);
    return at;
  }
}

/** Decodes a record that came from the database; StoreDataError when it is malformed. */
export function decodeStored(record: Uint8Array, main: number, sub: number): KeyValue {
  try {
    return decodeRecord(record);
  } catch (cause) {
    if (cause instanceof WireError) throw damagedRecord(main, sub, { cause });
    throw cause;
  }
}

function damagedRecord(main: number, sub: number, options?: ErrorOptions): Error {
  return damaged(`revision ${main}.${sub}`, options);
}
