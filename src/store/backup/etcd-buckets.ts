import { fromLatin1, toLatin1 } from '../../base/bytes.js';
import { formatId } from '../../base/ids.js';
import type { ConfState } from '../../raft/core/types.js';
import { AlarmMember, RangeRequest } from '../../wire/gen/etcdserverpb.js';
import { KeyValue } from '../../wire/gen/mvccpb.js';
import type { MemberRecord } from '../../wire/gen/store.js';
import type { AuthReads } from '../auth/auth-state.js';
import { authBuckets } from '../auth/etcd-records.js';
import type { HistoryReads, LeaseReads, MemberReads, MvccReads } from '../contracts.js';
import type { BoltEntry } from './bolt-format.js';

/** What a backup is made of, as of one moment but for the history, which goes on. */
export interface BackupSource {
  readonly mvcc: MvccReads & HistoryReads;
  readonly leases: LeaseReads;
  readonly members: MemberReads;
  readonly users: AuthReads;
  readonly alarms: readonly { readonly memberId: bigint; readonly alarm: number }[];
  readonly conf: ConfState;
  readonly appliedIndex: number;
  readonly term: number;
  /** The version of the cluster whose file it is taken for. */
  readonly clusterVersion: string;
}

const pageKeys = 1000;
const historyRevisions = 1000;
const everything = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };

/** The buckets of etcd's database (3.5), by name. What is kept of history is what the member still has of it. */
export function etcdBuckets(
  source: BackupSource,
): readonly (readonly [string, AsyncIterable<BoltEntry> | Iterable<BoltEntry>])[] {
  const { revision, compactRevision } = source.mvcc;
  return [
    ['key', keyRecords(source.mvcc, { revision, compactRevision })],
    ['lease', leaseRecords(source.leases)],
    ['meta', metaRecords(source, compactRevision)],
    ['members', memberRecords(source.members.list())],
    ['cluster', [[text('clusterVersion'), text(source.clusterVersion)]]],
    ['alarm', alarmRecords(source.alarms)],
    ['members_removed', []],
    ...authBuckets(source.users),
  ];
}

/** Every version from the last compaction on, by revision. Rejects with StoreError when another compaction comes in between. */
async function* keyRecords(
  mvcc: MvccReads & HistoryReads,
  range: { readonly revision: number; readonly compactRevision: number },
): AsyncGenerator<BoltEntry> {
  const { revision, compactRevision } = range;
  if (compactRevision > 0) yield* survivors(mvcc, compactRevision);
  for (let next = Math.max(compactRevision, 1) + 1; next <= revision; ) {
    for (const { revision: main, events } of await mvcc.history(next, historyRevisions)) {
      if (main > revision) return;
      for (const [sub, { kind, key, kv }] of events.entries()) {
        if (kind === 'put') yield [revisionKey(main, sub), kv];
        else yield [tombstoneKey(main, sub), KeyValue.encode({ key: fromLatin1(key) })];
      }
      next = main + 1;
    }
  }
}

/** The keys that exist at a revision, by the revisions that made them so. */
async function* survivors(mvcc: MvccReads, revision: number): AsyncGenerator<BoltEntry> {
  const found: { readonly main: number; readonly key: string }[] = [];
  let from: Uint8Array = everything.key;
  for (;;) {
    const request = { key: from, rangeEnd: everything.rangeEnd, revision, limit: pageKeys };
    const { kvs, more } = await mvcc.range(RangeRequest.create({ ...request, keysOnly: true }));
    for (const { key, modRevision } of kvs) found.push({ main: modRevision, key: toLatin1(key) });
    const last = kvs.at(-1);
    if (!more || last === undefined) break;
    from = Uint8Array.of(...last.key, 0);
  }
  found.sort((a, b) => a.main - b.main || (a.key < b.key ? -1 : 1));
  let sub = 0;
  let before = 0;
  for (const { main, key } of found) {
    // Which change of its revision it was is not known any more, and does not matter: the others are gone.
    sub = main === before ? sub + 1 : 0;
    before = main;
    const request = RangeRequest.create({ key: fromLatin1(key), revision });
    const [kv] = (await mvcc.find(request)).kvs;
    if (kv !== undefined) yield [revisionKey(main, sub), kv];
  }
}

function* leaseRecords(leases: LeaseReads): Generator<BoltEntry> {
  const unsigned = (id: bigint) => BigInt.asUintN(64, id);
  for (const id of [...leases.list()].sort((a, b) => (unsigned(a) < unsigned(b) ? -1 : 1))) {
    const lease = leases.lookup(id);
    if (lease === undefined) continue;
    const { grantedTtlSeconds, remainingTtlSeconds } = lease;
    // leasepb.Lease: 1 is the id, 2 the TTL, 3 what remains of it. At 0 that would stand for all of it.
    const numbers = [unsigned(id), BigInt(grantedTtlSeconds), BigInt(remainingTtlSeconds || 1)];
    const fields = numbers.flatMap((number, i) => [(i + 1) << 3, ...varint(number)]);
    yield [numberKey(unsigned(id)), Uint8Array.from(fields)];
  }
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

function* metaRecords(
  { appliedIndex, term, conf }: BackupSource,
  compactRevision: number,
): Generator<BoltEntry> {
  const ids = (list: readonly bigint[]) => `[${list.join(',')}]`;
  const parts = [`"voters":${ids(conf.voters)}`];
  if (conf.learners.length > 0) parts.push(`"learners":${ids(conf.learners)}`);
  parts.push('"auto_leave":false');
  yield [text('confState'), text(`{${parts.join(',')}}`)];
  yield [text('consistent_index'), numberKey(BigInt(appliedIndex))];
  if (compactRevision > 0) {
    yield [text('finishedCompactRev'), revisionKey(compactRevision, 0)];
    yield [text('scheduledCompactRev'), revisionKey(compactRevision, 0)];
  }
  yield [text('term'), numberKey(BigInt(term))];
}

function memberRecords(members: readonly MemberRecord[]): BoltEntry[] {
  return members
    .map((member): BoltEntry => [text(formatId(member.id)), text(memberJson(member))])
    .sort(([a], [b]) => Buffer.compare(a, b));
}

/** Ids go past what JSON.stringify keeps of a number. */
function memberJson({ id, name, peerUrls, clientUrls, isLearner }: MemberRecord): string {
  const rest = JSON.stringify({
    peerURLs: peerUrls,
    ...(isLearner ? { isLearner } : {}),
    ...(name === '' ? {} : { name }),
    ...(clientUrls.length === 0 ? {} : { clientURLs: clientUrls }),
  });
  return `{"id":${id},${rest.slice(1)}`;
}

function alarmRecords(alarms: BackupSource['alarms']): BoltEntry[] {
  return alarms
    .map(({ memberId: memberID, alarm }): BoltEntry => {
      return [AlarmMember.encode({ memberID, alarm }), new Uint8Array(0)];
    })
    .sort(([a], [b]) => Buffer.compare(a, b));
}

function revisionKey(main: number, sub: number): Uint8Array {
  const key = Buffer.alloc(17);
  key.writeBigUInt64BE(BigInt(main), 0);
  key[8] = 0x5f;
  key.writeBigUInt64BE(BigInt(sub), 9);
  return key;
}

function tombstoneKey(main: number, sub: number): Uint8Array {
  return Buffer.concat([revisionKey(main, sub), text('t')]);
}

function numberKey(value: bigint): Uint8Array {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(value, 0);
  return key;
}

function text(value: string): Uint8Array {
  return Buffer.from(value, 'utf8');
}
