import { createHash } from 'node:crypto';
import t from 'tap';
import { memberId, noMember } from '../../../src/base/ids.js';
import { StoreError } from '../../../src/store/errors.js';
import {
  AlarmAction,
  AlarmType,
  Auth,
  DowngradeAction,
  KV,
  Maintenance,
} from '../../../src/wire/gen/etcdserverpb.js';
import { Health, ServingStatus } from '../../../src/wire/gen/health.js';
import { MemberRecord } from '../../../src/wire/gen/store.js';
import { b, failure } from './client.js';
import { serveApi } from './rig.js';

const { Alarm, Defragment, Downgrade, Hash, HashKV, MoveLeader, Snapshot, Status } =
  Maintenance.methods;

t.test('Status tells versions, sizes, the leader, indexes and what is wrong', async (t) => {
  const { rig, channel } = await serveApi(t);
  await channel.unary(KV.methods.Put, { key: b('a') });
  const status = await channel.unary(Status, {});
  t.match(status, {
    header: { revision: 2, memberId: rig.memberId },
    version: '3.7.0',
    storageVersion: '3.7.0',
    leader: rig.memberId,
    raftTerm: 2,
    raftIndex: rig.appliedIndex(),
    raftAppliedIndex: rig.appliedIndex(),
    dbSizeQuota: 2 ** 31,
    isLearner: false,
    errors: [],
    downgradeInfo: { enabled: false },
  });
  t.ok(status.dbSize >= status.dbSizeInUse && status.dbSizeInUse > 0);
  const alarm = { action: AlarmAction.ACTIVATE, alarm: AlarmType.NOSPACE, memberID: rig.memberId };
  await channel.unary(Alarm, alarm);
  rig.raftOverride = { leader: noMember };
  t.strictSame((await channel.unary(Status, {})).errors, [
    'etcdserver: no leader',
    `memberID:${rig.memberId} alarm:NOSPACE `,
  ]);
});

t.test('Alarm activates, lists by kind and disarms', async (t) => {
  const { rig, channel } = await serveApi(t);
  const alarm = (action: number, kind: number) =>
    channel.unary(Alarm, { action, alarm: kind, memberID: rig.memberId });
  const noSpace = { memberID: rig.memberId, alarm: AlarmType.NOSPACE };
  const corrupt = { memberID: rig.memberId, alarm: AlarmType.CORRUPT };
  t.strictSame((await alarm(AlarmAction.ACTIVATE, AlarmType.NOSPACE)).alarms, [noSpace]);
  t.strictSame((await alarm(AlarmAction.ACTIVATE, AlarmType.NOSPACE)).alarms, [noSpace]);
  await alarm(AlarmAction.ACTIVATE, AlarmType.CORRUPT);
  t.strictSame((await alarm(AlarmAction.GET, AlarmType.NONE)).alarms, [noSpace, corrupt]);
  t.strictSame((await alarm(AlarmAction.GET, AlarmType.CORRUPT)).alarms, [corrupt]);
  t.strictSame((await alarm(AlarmAction.DEACTIVATE, AlarmType.CORRUPT)).alarms, [corrupt]);
  t.strictSame((await alarm(AlarmAction.DEACTIVATE, AlarmType.CORRUPT)).alarms, []);
  t.strictSame((await alarm(AlarmAction.GET, AlarmType.NONE)).alarms, [noSpace]);
});

t.test('Hash and HashKV agree with each other and refuse what is not there', async (t) => {
  const { channel } = await serveApi(t);
  for (let i = 0; i < 4; i++) await channel.unary(KV.methods.Put, { key: b('a') });
  const now = await channel.unary(HashKV, {});
  t.equal((await channel.unary(Hash, {})).hash, now.hash);
  t.strictSame([now.header!.revision, now.hashRevision], [5, 5]);
  t.not((await channel.unary(HashKV, { revision: 3 })).hash, now.hash);
  await channel.unary(KV.methods.Compact, { revision: 4 });
  t.strictSame(await failure(channel, HashKV, { revision: 3 }), [
    11,
    'etcdserver: mvcc: required revision has been compacted',
  ]);
  t.strictSame(await failure(channel, HashKV, { revision: 99 }), [
    11,
    'etcdserver: mvcc: required revision is a future revision',
  ]);
});

t.test('MoveLeader wants a leader to ask and a voter to go to', async (t) => {
  const { rig, channel } = await serveApi(t);
  const bad = [9, 'etcdserver: bad leader transferee'];
  t.strictSame(await failure(channel, MoveLeader, { targetID: 99n }), bad);
  const get = rig.members.get.bind(rig.members);
  rig.members.get = (id) => {
    if (id === 7n) return MemberRecord.create({ id: 7n, isLearner: true });
    return id === 8n ? MemberRecord.create({ id: 8n }) : get(id);
  };
  t.strictSame(await failure(channel, MoveLeader, { targetID: 7n }), bad);
  t.strictSame(await channel.unary(MoveLeader, { targetID: rig.memberId }), { header: undefined });
  t.strictSame(rig.transferred, [], 'the leader stays where it is');
  await channel.unary(MoveLeader, { targetID: 8n });
  t.strictSame(rig.transferred, [8n]);
  rig.raftOverride = { leader: memberId(8n), role: 'follower' };
  t.strictSame(await failure(channel, MoveLeader, { targetID: 8n }), [9, 'etcdserver: not leader']);
});

t.test('Defragment reclaims space and answers without a header', async (t) => {
  const { rig, channel } = await serveApi(t);
  t.strictSame(await channel.unary(Defragment, {}), { header: undefined });
  t.equal(rig.defragmented, 1);
});

t.test('Downgrade says what may be asked for, and downgrades nothing', async (t) => {
  const { channel } = await serveApi(t);
  const format = [3, 'etcdserver: wrong downgrade target version format'];
  const target = [3, 'etcdserver: invalid downgrade target version'];
  const { VALIDATE, ENABLE, CANCEL } = DowngradeAction;
  for (const action of [VALIDATE, ENABLE]) {
    for (const version of ['', '3', 'x.y', '3.6.0.0', '-3.6']) {
      t.strictSame(await failure(channel, Downgrade, { action, version }), format, version);
    }
    for (const version of ['3.5', '3.7', '3.8.0', '2.6']) {
      t.strictSame(await failure(channel, Downgrade, { action, version }), target, version);
    }
  }
  for (const version of ['3.6', '3.6.0', '3.6.12-rc.1']) {
    const answer = await channel.unary(Downgrade, { action: VALIDATE, version });
    t.equal(answer.version, '3.7.0', 'what the cluster has');
    const [code, text] = await failure(channel, Downgrade, { action: ENABLE, version });
    t.equal(code, 9);
    t.match(text, /^flotilla: .* restore it into an etcd/);
  }
  const none = [9, 'etcdserver: no inflight downgrade job'];
  t.strictSame(await failure(channel, Downgrade, { action: CANCEL }), none);
  t.strictSame(await failure(channel, Downgrade, { action: 9 }), [2, 'etcdserver: unknown method']);
});

t.test('Snapshot sends a file and what it adds up to, and leaves nothing behind', async (t) => {
  const { rig, channel } = await serveApi(t);
  const value = Buffer.alloc(100_000, 'x');
  for (let n = 0; n < 3; n++) await channel.unary(KV.methods.Put, { key: Buffer.from('k'), value });
  const stream = channel.stream(Snapshot);
  stream.send({});
  stream.end();
  const digest = createHash('sha256');
  let remaining: number | null = null;
  let last = new Uint8Array(0);
  for await (const { header, remainingBytes, blob } of stream.responses) {
    t.equal(header?.revision, 4);
    digest.update(last);
    if (remaining !== null && remaining > 0) t.equal(remainingBytes, remaining - blob.length);
    remaining = remainingBytes;
    last = Uint8Array.from(blob);
  }
  t.equal(remaining, 0);
  t.same(last, Uint8Array.from(digest.digest()), 'the last message is the digest of all before');
  t.strictSame(await rig.backupDisk.list('.'), []);
});

t.test('Auth tells that authentication is off', async (t) => {
  const { channel } = await serveApi(t);
  const status = await channel.unary(Auth.methods.AuthStatus, {});
  t.strictSame([status.enabled, status.authRevision], [false, 1]);
  t.strictSame(await failure(channel, Auth.methods.Authenticate, { name: 'a', password: 'b' }), [
    9,
    'etcdserver: authentication is not enabled',
  ]);
});

t.test('Health knows the server as a whole', async (t) => {
  const { channel } = await serveApi(t);
  const { Check, Watch } = Health.methods;
  t.equal((await channel.unary(Check, {})).status, ServingStatus.SERVING);
  t.strictSame(await failure(channel, Check, { service: 'x' }), [5, 'unknown service']);
  const rows = [
    ['', ServingStatus.SERVING],
    ['x', ServingStatus.SERVICE_UNKNOWN],
  ] as const;
  for (const [service, status] of rows) {
    const stream = channel.stream(Watch);
    stream.send({ service });
    stream.end();
    const responses = stream.responses[Symbol.asyncIterator]();
    t.equal((await responses.next()).value.status, status);
    stream.cancel();
  }
});

t.test('/health and /version answer over HTTP/1.1 on the same port', async (t) => {
  const { rig, channel, endpoint } = await serveApi(t);
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(endpoint + path, init);
    const type = response.headers.get('content-type');
    return [response.status, type, await response.text()];
  };
  const text = 'text/plain; charset=utf-8';
  const healthy = [200, text, '{"health":"true","reason":""}'];
  const sick = (reason: string) => [503, text, `{"health":"false","reason":"${reason}"}\n`];
  t.strictSame(await get('/health'), healthy);
  t.equal(rig.barriers, 1);
  t.strictSame(await get('/version'), [
    200,
    'application/json',
    '{"etcdserver":"3.7.0","etcdcluster":"3.7.0","storage":"3.7.0"}',
  ]);
  t.strictSame(await get('/health', { method: 'POST' }), [405, text, 'Method Not Allowed\n']);
  t.strictSame(await get('/nope'), [404, text, '404 page not found\n']);
  rig.failure = new StoreError('timeout');
  t.strictSame(await get('/health'), sick('RANGE ERROR:etcdserver: request timed out'));
  t.strictSame(await get('/health?serializable=true'), healthy);
  rig.failure = null;
  rig.raftOverride = { leader: noMember };
  t.strictSame(await get('/health'), sick('RAFT NO LEADER'));
  t.strictSame(await get('/health?serializable=true'), healthy);
  rig.raftOverride = {};
  const alarm = { action: AlarmAction.ACTIVATE, alarm: AlarmType.NOSPACE, memberID: rig.memberId };
  await channel.unary(Alarm, alarm);
  t.strictSame(await get('/health'), sick('ALARM NOSPACE'));
  t.strictSame(await get('/health?exclude=NOSPACE'), healthy);
});
