import { type ClusterId, formatId } from '../../base/ids.js';
import type { DbWrite, OrderedDb } from '../../base/ordered-db.js';
import { Role, User } from '../../wire/gen/authpb.js';
import { AlarmRecord, LeaseRecord, MemberRecord } from '../../wire/gen/store.js';
import type { AuthData } from '../auth/auth-state.js';
import { confOf } from '../member/initial-conf.js';
import {
  alarmKey,
  authRoleKey,
  authUserKey,
  leaseKey,
  memberKey,
  metaKey,
  packKey,
} from '../schema/keys.js';
import {
  encodeApplied,
  encodeAuth,
  encodeClusterId,
  encodeConf,
  encodeCounter,
  formatText,
} from '../schema/meta.js';
import type { BoltReader } from './bolt-reader.js';
import { damagedFile } from './errors.js';
import type { EtcdContent } from './etcd-content.js';
import { EtcdRevisions } from './etcd-revisions.js';

/** Of whom the database is to be, and as of what. */
export interface NewMemberData {
  readonly clusterId: ClusterId;
  readonly members: readonly MemberRecord[];
  /** Where the log goes on after it. */
  readonly position: { readonly index: number; readonly term: number };
  /** Revisions that are passed over, as if so many changes had been made and compacted away since. */
  readonly bumpRevision: number;
}

/** Bytes written to the database at once. */
const batchBytes = 1024 * 1024;

/**
 * Fills an empty database with what a database of etcd's holds. Resolves, with the revision, when all of it is durable. Rejects with
 * EtcdDataError.
 */
export async function fillDatabase(
  db: OrderedDb,
  file: BoltReader,
  content: EtcdContent,
  data: NewMemberData,
): Promise<{ readonly revision: number }> {
  const revisions = new EtcdRevisions(file);
  await writePacks(db, revisions);
  checkLeases(revisions, content);
  const { bumpRevision } = data;
  const revision = Math.max(revisions.newest, content.compactRevision) + bumpRevision;
  await db.write([...metaWrites(content, data, revision), ...recordWrites(content, data)], {
    sync: true,
  });
  return { revision };
}

async function writePacks(db: OrderedDb, revisions: EtcdRevisions): Promise<void> {
  let batch: DbWrite[] = [];
  let bytes = 0;
  for await (const { main, sub, bytes: pack } of revisions.packs()) {
    batch.push(put(packKey(main, sub), pack));
    bytes += pack.length;
    if (bytes < batchBytes) continue;
    await db.write(batch, { sync: false });
    batch = [];
    bytes = 0;
  }
  await db.write(batch, { sync: false });
}

/** A lease's end deletes its keys in the same transaction, in etcd as here. */
function checkLeases({ leases }: EtcdRevisions, content: EtcdContent): void {
  const known = new Set(content.leases.map(({ id }) => id));
  for (const id of leases.values()) {
    if (!known.has(id)) throw damagedFile(`a key names lease ${formatId(id)}, which is not there`);
  }
}

function metaWrites(
  { compactRevision, compactFinished, auth }: EtcdContent,
  { clusterId, members, position, bumpRevision }: NewMemberData,
  revision: number,
): DbWrite[] {
  const compacted = bumpRevision > 0 ? revision : compactRevision;
  return [
    put(metaKey.format, new TextEncoder().encode(formatText)),
    put(metaKey.cluster, encodeClusterId(clusterId)),
    put(metaKey.applied, encodeApplied({ ...position, revision, hash: 0n })),
    put(metaKey.conf, encodeConf(confOf(members))),
    ...(compacted > 0 ? [put(metaKey.compactScheduled, encodeCounter(compacted))] : []),
    ...(compactFinished > 0 ? [put(metaKey.compactFinished, encodeCounter(compactFinished))] : []),
    ...(hasAuth(auth) ? [put(metaKey.auth, encodeAuth(auth))] : []),
  ];
}

function hasAuth({ isEnabled, revision, users, roles }: AuthData): boolean {
  return isEnabled || revision > 1 || users.length > 0 || roles.length > 0;
}

function recordWrites(content: EtcdContent, { members }: NewMemberData): DbWrite[] {
  const { leases, alarms, auth } = content;
  return [
    ...members.map((record) => put(memberKey(record.id), MemberRecord.encode(record))),
    ...leases.map((record) => put(leaseKey(record.id), LeaseRecord.encode(record))),
    ...alarms.map((record) =>
      put(alarmKey(record.memberId, record.alarm), AlarmRecord.encode(record)),
    ),
    ...auth.users.map((user) => put(authUserKey(user.name), User.encode(user))),
    ...auth.roles.map((role) => put(authRoleKey(role.name), Role.encode(role))),
  ];
}

function put(key: Uint8Array, value: Uint8Array): DbWrite {
  return { kind: 'put', key, value };
}
