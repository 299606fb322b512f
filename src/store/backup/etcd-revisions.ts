import { toLatin1, viewOf } from '../../base/bytes.js';
import { KeyValue } from '../../wire/gen/mvccpb.js';
import { WireError } from '../../wire/index.js';
import { type PackStart, packBytesMax } from '../schema/revision-pack.js';
import { recordBytesMax, writePutRecord, writeTombstone } from '../schema/revision-record.js';
import type { BoltReader } from './bolt-reader.js';
import { damagedFile } from './errors.js';
import { safeCounter } from './etcd-content.js';

/** A pack of revision records of ours, and where it begins. */
export interface RevisionPack extends PackStart {
  readonly bytes: Uint8Array;
}

/** A change: of which revision, as which of its changes. */
interface Revision extends PackStart {
  readonly isTombstone: boolean;
}

/** main (8 bytes), `_`, sub (8 bytes). */
const keyBytes = 17;
/** What follows in the key of a deletion. */
const tombstoneMark = 0x74;

/**
 * Reads etcd's revisions in order and makes packs of ours of them. Afterwards {@link newest} is the newest revision, and
 * {@link leases} says which keys name which lease.
 */
export class EtcdRevisions {
  readonly #file: BoltReader;
  readonly #pack = new PackBuilder();
  /** 1 for an empty store. */
  newest = 1;
  /** Lease of each key whose newest version names one; keys as latin1. */
  readonly leases = new Map<string, bigint>();

  constructor(file: BoltReader) {
    this.#file = file;
  }

  /** Rejects with EtcdDataError `damaged`. */
  async *packs(): AsyncGenerator<RevisionPack> {
    for await (const [key, value] of this.#file.entries('key')) {
      const revision = revisionOf(key);
      this.newest = Math.max(this.newest, revision.main);
      // What a restore that raised the revision leaves in its place: a revision without a change.
      if (value.length === 0) continue;
      const full = this.#pack.add(revision, this.#checked(value, revision));
      if (full !== null) yield full;
    }
    const last = this.#pack.take();
    if (last !== null) yield last;
  }

  #checked(value: Uint8Array, { main, isTombstone }: Revision): KeyValue {
    const kv = decoded(value, main);
    const isSound = isTombstone || (kv.modRevision === main && kv.createRevision <= main);
    if (!isSound) throw damagedFile(`revision ${main} says that it is ${kv.modRevision}`);
    const key = toLatin1(kv.key);
    if (isTombstone || kv.lease === 0n) this.leases.delete(key);
    else this.leases.set(key, kv.lease);
    return kv;
  }
}

function decoded(value: Uint8Array, main: number): KeyValue {
  try {
    return KeyValue.decode(value);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw damagedFile(`revision ${main} cannot be read (${cause.message})`);
  }
}

function revisionOf(key: Uint8Array): Revision {
  const isTombstone = key.length === keyBytes + 1 && key[keyBytes] === tombstoneMark;
  if (key.length !== keyBytes && !isTombstone) throw damagedFile('a revision has an odd key');
  const view = viewOf(key);
  const main = safeCounter(view.getBigUint64(0));
  return { main, sub: safeCounter(view.getBigUint64(9)), isTombstone };
}

/** Collects records into packs of at most `packBytesMax` bytes, or one record. */
class PackBuilder {
  #start: PackStart = { main: 0, sub: 0 };
  #records: Uint8Array[] = [];
  #byteLength = 0;

  /** Adds a record; what comes back is the pack that has no room for it. */
  add(revision: Revision, kv: KeyValue): RevisionPack | null {
    const record = encoded(revision, kv);
    const isFull = this.#byteLength > 0 && this.#byteLength + record.length > packBytesMax;
    const full = isFull ? this.take() : null;
    if (this.#records.length === 0) this.#start = { main: revision.main, sub: revision.sub };
    this.#records.push(record);
    this.#byteLength += record.length;
    return full;
  }

  /** What has been collected; null for nothing. */
  take(): RevisionPack | null {
    if (this.#records.length === 0) return null;
    const pack = { ...this.#start, bytes: Buffer.concat(this.#records) };
    this.#records = [];
    this.#byteLength = 0;
    return pack;
  }
}

function encoded({ main, sub, isTombstone }: Revision, kv: KeyValue): Uint8Array {
  const bytes = new Uint8Array(recordBytesMax(kv.key.length, kv.value.length));
  const end = isTombstone
    ? writeTombstone(bytes, 0, sub, kv.key, main)
    : writePutRecord(bytes, 0, sub, kv);
  return bytes.subarray(0, end);
}
