import { assert } from '../../base/assert.js';
import { latin1Between, toLatin1 } from '../../base/bytes.js';
import type { OrderedDb } from '../../base/ordered-db.js';
import { WireError } from '../../wire/errors.js';
import type { KeyValue } from '../../wire/gen/mvccpb.js';
import { allDeadKeys, allPackKeys, packKey, parsePackKey } from '../schema/keys.js';
import { damaged } from '../schema/meta.js';
import {
  findInPack,
  isDead,
  PackCursor,
  type PackStart,
  packRecordsMax,
} from '../schema/revision-pack.js';
import { decodeRecord, recordHeaderBytes } from '../schema/revision-record.js';
import { StoredFields } from '../schema/stored-fields.js';
import type { Revision } from './key-entry.js';
import { KeyIndex } from './key-index.js';
import { PackList } from './pack-list.js';
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
  /** Invariant: names every pack in the database, and has every record in it that the index has and the tail lacks. */
  readonly packs = new PackList();
  /** Newest applied revision; 1 for an empty store. Invariant: >= compactRevision. */
  revision = 1;
  /** Revision of the last compaction applied, -1 before the first. Reads below it are refused. */
  compactRevision = -1;
  /** Revision of the last compaction whose deletions are all done. */
  compactFinished = -1;
  /** Bytes of all revision records written, and how many; less what compactions deleted. Approximate after these. */
  recordBytes = 0;
  recordCount = 0;
  readonly #fields = new StoredFields();
  /** While loading: keys of which some version has a lease. */
  readonly #leased = new Set<string>();

  constructor(db: OrderedDb, valueCacheBytesMax: number) {
    this.db = db;
    this.tail = new RevisionTail(valueCacheBytesMax * (1 - cacheShare));
    this.cache = new ValueCache(valueCacheBytesMax * cacheShare);
  }

  /**
   * Reads every revision record of the database into the index and the newest into the tail. Returns which live key names
   * which lease. `turn` gives the loop back for a moment.
   */
  async load(turn: () => Promise<void>): Promise<(readonly [leaseId: bigint, key: string])[]> {
    this.tail.onFlushed(this.revision);
    const dead = await this.#readDeadBits();
    // What would be dropped from the tail again is not put there: the size on disk is an upper bound.
    let early = (await this.db.sizeBytes()) - this.tail.bytesMax;
    if (early > 0) this.tail.beginLate();
    // Above the compaction revision no change may be missing: LevelDB is to lose its end only, never its middle.
    let last: Revision = { main: Math.max(this.compactRevision, 1), sub: -1 };
    for await (const step of this.db.iterate(allPackKeys)) {
      for (const [key, pack] of step) {
        early -= pack.length;
        last = this.#loadPack(key, pack, dead, last, early <= 0);
      }
    }
    if (last.main < this.revision) throw damagedRecord(last.main + 1, 0);
    for (const _ of this.index.finishLoading()) await turn();
    return this.#takeAttachments();
  }

  /** A record that is in memory. */
  recordInMemory(main: number, sub: number): Uint8Array | undefined {
    return this.tail.find(main, sub) ?? this.cache.get(main, sub);
  }

  /** A record that certainly exists, read from the database if it must be: it blocks the thread then. */
  recordNow(main: number, sub: number): Uint8Array {
    const inMemory = this.recordInMemory(main, sub);
    if (inMemory !== undefined) return inMemory;
    const start = this.#packOf(main, sub);
    const pack = start && this.db.getSync(packKey(start.main, start.sub));
    const record = pack && findInPack(pack, start, { main, sub });
    assert(record !== undefined, `revision ${main}.${sub} is in the index but not in the database`);
    this.cache.set(main, sub, record);
    return record;
  }

  /** Reads records of any age from the database, each undefined where it is not there. */
  async readRecords(places: readonly Revision[]): Promise<(Uint8Array | undefined)[]> {
    const starts = places.map(({ main, sub }) => this.#packOf(main, sub));
    // Neighbours are asked for together: one look-up for all that share a pack.
    const numbers = new Map<string, number>();
    const keys: Uint8Array[] = [];
    const numberOf = starts.map((start) => {
      if (start === undefined) return -1;
      const name = nameOf(start);
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, keys.length);
      return keys.push(packKey(start.main, start.sub)) - 1;
    });
    const packs = await this.db.getMany(keys);
    return places.map((place, i) => {
      const start = starts[i];
      const pack = packs[numberOf[i] as number];
      return start && pack && findInPack(pack, start, place);
    });
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

  /** The pack that has a record if the database has it. */
  #packOf(main: number, sub: number): PackStart | undefined {
    const index = this.packs.indexOf(main, sub);
    return index < 0 ? undefined : this.packs.startAt(index);
  }

  async #readDeadBits(): Promise<Map<string, Uint8Array>> {
    const dead = new Map<string, Uint8Array>();
    for await (const step of this.db.iterate(allDeadKeys)) {
      for (const [key, bits] of step) dead.set(nameOf(parsePackKey(key)), bits);
    }
    return dead;
  }

  /** Takes over a pack; `last` is the newest change before it, and the newest in it is returned. */
  #loadPack(
    key: Uint8Array,
    pack: Uint8Array,
    dead: ReadonlyMap<string, Uint8Array>,
    last: Revision,
    isForTail: boolean,
  ): Revision {
    const start = parsePackKey(key);
    const bits = dead.size === 0 ? undefined : dead.get(nameOf(start));
    const cursor = new PackCursor(pack, start);
    let alive = 0;
    let { main, sub } = last;
    while (cursor.next()) {
      if (cursor.main > this.compactRevision) {
        const follows = cursor.main === main ? cursor.sub === sub + 1 : cursor.sub === 0;
        if (!follows || cursor.main > main + 1) throw damagedRecord(main, sub + 1);
        ({ main, sub } = cursor);
      }
      if (isDead(bits, cursor.ordinal)) continue;
      this.#loadRecord(pack, cursor);
      if (isForTail && bits !== undefined) this.tail.appendStored(cursor.record, cursor.main);
      alive++;
    }
    if (cursor.ordinal < 0 || cursor.ordinal >= packRecordsMax) {
      throw damagedRecord(start.main, start.sub);
    }
    if (isForTail && bits === undefined) {
      this.tail.appendStored(pack.subarray(0, cursor.end), cursor.main);
    }
    this.packs.append({ ...start, count: cursor.ordinal + 1 }, alive);
    return { main, sub };
  }

  #loadRecord(pack: Uint8Array, cursor: PackCursor): void {
    const { main, sub, start, end } = cursor;
    this.onRecordWritten(end - start);
    if (main > this.revision) throw damagedRecord(main, sub);
    const fields = this.#fields;
    if (fields.read(pack, start + recordHeaderBytes, end)) {
      const { createRevision: create, version } = fields;
      const isSound = fields.modRevision === main && create <= main && version <= main;
      if (!isSound) throw damagedRecord(main, sub);
      const key = latin1Between(pack, fields.keyFrom, fields.keyTo);
      this.index.load(key, main, sub, create, version, 0n);
      return;
    }
    const kv = decodeStored(cursor.record, main, sub);
    if (kv.modRevision !== main) throw damagedRecord(main, sub);
    const key = toLatin1(kv.key);
    this.index.load(key, main, sub, kv.createRevision, kv.version, kv.lease);
    if (kv.lease !== 0n) this.#leased.add(key);
  }

  /** Of the keys that ever had a lease, those that have one now. */
  #takeAttachments(): (readonly [leaseId: bigint, key: string])[] {
    const attachments: (readonly [bigint, string])[] = [];
    for (const key of this.#leased) {
      const lease = this.index.get(key)?.lease ?? 0n;
      if (lease !== 0n) attachments.push([lease, key]);
    }
    this.#leased.clear();
    return attachments;
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

function nameOf(at: PackStart): string {
  return `${at.main}.${at.sub}`;
}

function damagedRecord(main: number, sub: number, options?: ErrorOptions): Error {
  return damaged(`revision ${main}.${sub}`, options);
}
