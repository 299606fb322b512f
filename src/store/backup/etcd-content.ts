import { toLatin1, viewOf } from '../../base/bytes.js';
import { Role, User } from '../../wire/gen/authpb.js';
import { AlarmMember } from '../../wire/gen/etcdserverpb.js';
import { AlarmRecord, LeaseRecord, MemberRecord } from '../../wire/gen/store.js';
import { Reader, WireError } from '../../wire/index.js';
import type { AuthData } from '../auth/auth-state.js';
import type { BoltReader } from './bolt-reader.js';
import { damagedFile } from './errors.js';

/** What a database of etcd's (3.4 to 3.6) holds beside its keys. */
export interface EtcdContent {
  /** Revision of the last compaction asked for, and of the last carried out; -1 before the first. */
  readonly compactRevision: number;
  readonly compactFinished: number;
  /** The last entry of etcd's log that the database has. */
  readonly appliedIndex: number;
  /** Whether that counts all entries, as it does from 3.5 on; before, it counted those that write keys. */
  readonly countsAllEntries: boolean;
  readonly leases: readonly LeaseRecord[];
  readonly alarms: readonly AlarmRecord[];
  readonly members: readonly MemberRecord[];
  readonly auth: AuthData;
}

/** Reads all of it. Rejects with EtcdDataError `damaged`. */
export async function readEtcdContent(file: BoltReader): Promise<EtcdContent> {
  const meta = await bucketMap(file, 'meta');
  const compactFinished = revisionOr(meta.get('finishedCompactRev'), -1);
  return {
    compactRevision: Math.max(compactFinished, revisionOr(meta.get('scheduledCompactRev'), -1)),
    compactFinished,
    appliedIndex: counterOr(meta.get('consistent_index'), 0),
    countsAllEntries: meta.has('term'),
    leases: await readBucket(file, 'lease', (_key, value) => leaseOf(value)),
    alarms: await readBucket(file, 'alarm', alarmOf),
    members: await readBucket(file, 'members', memberOf),
    auth: await readAuth(file),
  };
}

async function readAuth(file: BoltReader): Promise<AuthData> {
  const auth = await bucketMap(file, 'auth');
  return {
    isEnabled: auth.get('authEnabled')?.[0] === 1,
    revision: Math.max(1, counterOr(auth.get('authRevision'), 1)),
    users: await readBucket(file, 'authUsers', (_key, value) => User.decode(value)),
    roles: await readBucket(file, 'authRoles', (_key, value) => Role.decode(value)),
  };
}

async function readBucket<T>(
  file: BoltReader,
  name: string,
  read: (key: Uint8Array, value: Uint8Array) => T,
): Promise<T[]> {
  const records: T[] = [];
  for await (const [key, value] of file.entries(name)) {
    try {
      // Decoded messages share the memory of what they were read from.
      records.push(read(key, value.slice()));
    } catch (cause) {
      if (!(cause instanceof WireError || cause instanceof SyntaxError)) throw cause;
      throw damagedFile(`bucket ${name} has a record that cannot be read (${cause.message})`);
    }
  }
  return records;
}

async function bucketMap(file: BoltReader, name: string): Promise<Map<string, Uint8Array>> {
  const values = new Map<string, Uint8Array>();
  for await (const [key, value] of file.entries(name)) values.set(toLatin1(key), value.slice());
  return values;
}

/** The main revision of one with a sub, as the meta bucket has them. */
function revisionOr(value: Uint8Array | undefined, otherwise: number): number {
  return value === undefined ? otherwise : counterOr(value.subarray(0, 8), otherwise);
}

function counterOr(value: Uint8Array | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value.length !== 8) throw damagedFile('a counter is not of 8 bytes');
  return safeCounter(viewOf(value).getBigUint64(0));
}

/** A counter of etcd's as a number. Throws EtcdDataError for one that no etcd got to. */
export function safeCounter(value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw damagedFile(`a counter is ${value}`);
}

/** leasepb.Lease: 1 is the id, 2 the TTL in seconds, 3 what remains of it; 0 for all. */
function leaseOf(bytes: Uint8Array): LeaseRecord {
  const reader = new Reader(bytes);
  let id = 0n;
  let ttlSeconds = 0;
  let remainingSeconds = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === 8) id = reader.int64();
    else if (tag === 16) ttlSeconds = reader.int64Number();
    else if (tag === 24) remainingSeconds = reader.int64Number();
    else reader.skip(tag, false);
  }
  if (id === 0n || ttlSeconds <= 0) throw damagedFile('a lease has no id, or no time to live');
  return LeaseRecord.create({ id, ttlSeconds, remainingTtlMs: remainingSeconds * 1000 });
}

function alarmOf(key: Uint8Array): AlarmRecord {
  const { memberID: memberId, alarm } = AlarmMember.decode(key.slice());
  return AlarmRecord.create({ memberId, alarm });
}

interface MemberJson {
  readonly name?: string;
  readonly peerURLs?: readonly string[];
  readonly clientURLs?: readonly string[];
  readonly isLearner?: boolean;
}

function memberOf(key: Uint8Array, value: Uint8Array): MemberRecord {
  const id = toLatin1(key);
  if (!/^[0-9a-f]{1,16}$/.test(id)) throw damagedFile(`${JSON.stringify(id)} is no member's id`);
  // The id in the text goes past what JSON.parse keeps of a number; it is the key too.
  const json = JSON.parse(new TextDecoder().decode(value)) as MemberJson | null;
  return MemberRecord.create({
    id: BigInt(`0x${id}`),
    name: json?.name ?? '',
    peerUrls: [...(json?.peerURLs ?? [])],
    clientUrls: [...(json?.clientURLs ?? [])],
    isLearner: json?.isLearner === true,
  });
}
