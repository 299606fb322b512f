import { toLatin1 } from '../../base/bytes.js';
import type { Clock } from '../../base/clock.js';
import { type ClusterId, formatId, type MemberId, memberId } from '../../base/ids.js';
import type { DbRange, DbWrite, OrderedDb } from '../../base/ordered-db.js';
import type { ConfState } from '../../raft/core/types.js';
import { WireError } from '../../wire/errors.js';
import { Role, User } from '../../wire/gen/authpb.js';
import { AlarmRecord, LeaseRecord, MemberRecord } from '../../wire/gen/store.js';
import type { AuthData } from '../auth/auth-state.js';
import { MvccState } from '../mvcc/state.js';
import { StoreDataError } from '../schema/errors.js';
import {
  alarmKeys,
  allPackKeys,
  authRoleKeys,
  authUserKeys,
  leaseKeys,
  memberKey,
  memberKeys,
  metaKey,
  metaKeys,
  parsePackKey,
  parseRemovedMemberKey,
  removedMemberKeys,
} from '../schema/keys.js';
import {
  type AppliedRecord,
  damaged,
  decodeApplied,
  decodeAuth,
  decodeClusterId,
  decodeConf,
  decodeCounter,
  emptyConf,
  encodeApplied,
  encodeClusterId,
  encodeConf,
  formatText,
} from '../schema/meta.js';
import { trailerOf } from '../schema/revision-pack.js';
import type { Alarm } from './alarms.js';

/** Everything that a database holds, in the form that the parts of the store take it in. */
export interface ReplicaState {
  readonly applied: AppliedRecord;
  readonly conf: ConfState;
  readonly mvcc: MvccState;
  readonly leases: readonly LeaseRecord[];
  /** Which live key names which lease: what the lessor has attached. */
  readonly attachments: readonly (readonly [leaseId: bigint, key: string])[];
  readonly members: readonly MemberRecord[];
  readonly removedMembers: readonly MemberId[];
  readonly alarms: readonly Alarm[];
  readonly auth: AuthData;
}

/** What a new database begins with: a new cluster's membership, or nothing for a member that joins and gets a snapshot. */
export interface Bootstrap {
  readonly conf: ConfState;
  readonly members: readonly MemberRecord[];
}

/** The log of a new cluster begins after this position. */
const bootstrapPosition = { index: 1, term: 1 } as const;

/** Writes the first records into an empty database, durably; does nothing when it has any. */
export async function initialise(
  db: OrderedDb,
  options: { readonly clusterId: ClusterId; readonly bootstrap: Bootstrap | null },
): Promise<void> {
  if ((await db.get(metaKey.format)) !== undefined) return;
  const { clusterId, bootstrap } = options;
  const position = bootstrap === null ? { index: 0, term: 0 } : bootstrapPosition;
  const batch: DbWrite[] = [
    put(metaKey.format, new TextEncoder().encode(formatText)),
    put(metaKey.cluster, encodeClusterId(clusterId)),
    put(metaKey.applied, encodeApplied({ ...position, revision: 1, hash: 0n })),
    put(metaKey.conf, encodeConf(bootstrap?.conf ?? emptyConf)),
  ];
  for (const member of bootstrap?.members ?? []) {
    batch.push(put(memberKey(member.id), MemberRecord.encode(member)));
  }
  await db.write(batch, { sync: true });
}

/** Reads a whole database into memory. Throws StoreDataError when it is not a sound one of this cluster. */
export async function loadReplica(
  db: OrderedDb,
  options: {
    readonly clusterId: ClusterId;
    readonly clock: Clock;
    readonly valueCacheBytesMax: number;
  },
): Promise<ReplicaState> {
  const meta = await readMeta(db);
  checkIdentity(meta, options.clusterId);
  const applied = await readApplied(db, decodeApplied(required(meta, metaKey.applied)));
  const mvcc = new MvccState(db, options.valueCacheBytesMax);
  mvcc.revision = applied.revision;
  mvcc.compactRevision = counterOr(meta, metaKey.compactScheduled, -1);
  mvcc.compactFinished = counterOr(meta, metaKey.compactFinished, -1);
  if (mvcc.compactRevision > mvcc.revision) throw damaged('m/compact-scheduled');
  const attachments = await mvcc.load(() => new Promise((resolve) => options.clock.defer(resolve)));
  const leases = await readAll(db, leaseKeys, LeaseRecord);
  checkAttachments({ attachments, leases });
  const alarms = await readAll(db, alarmKeys, AlarmRecord);
  return {
    applied,
    conf: decodeConf(required(meta, metaKey.conf)),
    mvcc,
    leases,
    attachments,
    members: await readAll(db, memberKeys, MemberRecord),
    removedMembers: await readRemoved(db),
    alarms: alarms.map((record) => ({ memberId: memberId(record.memberId), alarm: record.alarm })),
    auth: await readAuth(db, meta),
  };
}

/** A store in which there never was a user has no record of any. */
async function readAuth(db: OrderedDb, meta: Meta): Promise<AuthData> {
  const record = meta.get(toLatin1(metaKey.auth));
  const { isEnabled, revision } =
    record === undefined ? { isEnabled: false, revision: 1 } : decodeAuth(record);
  const users = await readAll(db, authUserKeys, User);
  return { isEnabled, revision, users, roles: await readAll(db, authRoleKeys, Role) };
}

/**
 * The applied state of a database: the newer of `m/applied` and of what its last pack ends with. A batch moves either of
 * them, never both.
 */
export async function readApplied(
  db: Pick<OrderedDb, 'iterate'>,
  noted: AppliedRecord,
): Promise<AppliedRecord> {
  for await (const step of db.iterate({ ...allPackKeys, reverse: true, limit: 1 })) {
    for (const [key, pack] of step) {
      const trailer = trailerOf(pack, parsePackKey(key));
      if (trailer !== null && trailer.index > noted.index) return trailer;
    }
  }
  return noted;
}

/** A lease's end deletes its keys in the same batch, so no key names a lease that is not there. */
function checkAttachments(state: Pick<ReplicaState, 'attachments' | 'leases'>): void {
  const ids = new Set(state.leases.map((lease) => lease.id));
  for (const [id] of state.attachments) {
    if (!ids.has(id)) throw damaged(`lease ${formatId(id)}`);
  }
}

type Meta = ReadonlyMap<string, Uint8Array>;

async function readMeta(db: OrderedDb): Promise<Meta> {
  const meta = new Map<string, Uint8Array>();
  for await (const step of db.iterate(metaKeys)) {
    for (const [key, value] of step) meta.set(toLatin1(key), value);
  }
  return meta;
}

function checkIdentity(meta: Meta, clusterId: ClusterId): void {
  const format = new TextDecoder().decode(required(meta, metaKey.format));
  if (format !== formatText) {
    throw new StoreDataError(
      'format',
      `the database is of format '${format}', this program reads '${formatText}': start the version of the program ` +
        "that wrote it, or move the member's 'db' folder away, and its state is rebuilt from the other members",
    );
  }
  const found = decodeClusterId(required(meta, metaKey.cluster));
  if (found !== clusterId) {
    throw new StoreDataError(
      'other-cluster',
      `the database belongs to cluster ${formatId(found)}, this member to ${formatId(clusterId)}: ` +
        'check the data directory and the initial cluster token',
    );
  }
}

function required(meta: Meta, key: Uint8Array): Uint8Array {
  const value = meta.get(toLatin1(key));
  if (value === undefined) throw damaged(toLatin1(key));
  return value;
}

function counterOr(meta: Meta, key: Uint8Array, otherwise: number): number {
  const value = meta.get(toLatin1(key));
  return value === undefined ? otherwise : decodeCounter(value, toLatin1(key));
}

async function readAll<T>(
  db: OrderedDb,
  range: DbRange,
  codec: { readonly typeName: string; decode(bytes: Uint8Array): T },
): Promise<T[]> {
  const records: T[] = [];
  for await (const step of db.iterate(range)) {
    for (const [, value] of step) {
      try {
        records.push(codec.decode(value));
      } catch (cause) {
        if (cause instanceof WireError) throw damaged(codec.typeName, { cause });
        throw cause;
      }
    }
  }
  return records;
}

async function readRemoved(db: OrderedDb): Promise<MemberId[]> {
  const ids: MemberId[] = [];
  for await (const step of db.iterate(removedMemberKeys)) {
    for (const [key] of step) ids.push(memberId(parseRemovedMemberKey(key)));
  }
  return ids;
}

function put(key: Uint8Array, value: Uint8Array): DbWrite {
  return { kind: 'put', key, value };
}
