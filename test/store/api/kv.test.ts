import t from 'tap';
import { CommandKind } from '../../../src/store/contracts.js';
import { StoreError } from '../../../src/store/errors.js';
import {
  AlarmAction,
  AlarmType,
  KV,
  Lease,
  Maintenance,
  PutRequest,
} from '../../../src/wire/gen/etcdserverpb.js';
import { rawCall } from '../../rpc/raw-client.js';
import { deferred } from '../../rpc/support.js';
import { b, failure, failureOf, s } from './client.js';
import { serveApi } from './rig.js';

const { Range, RangeStream, Put, DeleteRange, Txn, Compact } = KV.methods;
const { Alarm } = Maintenance.methods;
const noSpace = [8, 'etcdserver: mvcc: database space exceeded'];
const corrupt = [15, 'etcdserver: corrupt cluster'];

t.test('Put and Range fill the header with ids, term and revision', async (t) => {
  const { rig, channel } = await serveApi(t);
  const put = await channel.unary(Put, { key: b('a'), value: b('1') });
  const header = { clusterId: rig.clusterId, memberId: rig.memberId, revision: 2, raftTerm: 2 };
  t.strictSame(put.header, header);
  await channel.unary(Put, { key: b('a'), value: b('2') });
  const range = await channel.unary(Range, { key: b('a'), revision: 2 });
  t.strictSame(range.header, { ...header, revision: 3 }, 'the current revision of an old range');
  t.equal(s(range.kvs[0]!.value), '1');
});

t.test('Range and read-only Txn ask the quorum unless all of it is serializable', async (t) => {
  const { rig, channel } = await serveApi(t);
  const range = (serializable: boolean) => ({ requestRange: { key: b('a'), serializable } });
  const cases: readonly (readonly [string, () => Promise<unknown>, number])[] = [
    ['range', () => channel.unary(Range, { key: b('a') }), 1],
    ['serializable range', () => channel.unary(Range, { key: b('a'), serializable: true }), 0],
    ['txn', () => channel.unary(Txn, { success: [range(true), range(false)] }), 1],
    ['txn, branch not taken', () => channel.unary(Txn, { failure: [range(false)] }), 1],
    ['serializable txn', () => channel.unary(Txn, { success: [range(true)] }), 0],
  ];
  for (const [what, call, barriers] of cases) {
    rig.barriers = 0;
    await call();
    t.equal(rig.barriers, barriers, what);
  }
  t.strictSame(rig.proposed, [], 'reads are not proposed');
});

t.test('Put proposes the bytes of the request as the client sent them', async (t) => {
  const { rig, endpoint } = await serveApi(t);
  let payload: Uint8Array | undefined;
  const propose = rig.propose.bind(rig);
  rig.propose = (kind, bytes) => {
    payload = bytes;
    return propose(kind, bytes);
  };
  const known = PutRequest.encode({ key: b('a'), value: b('1') });
  const withUnknownField = Buffer.concat([known, Buffer.from([0xf8, 0x07, 1])]);
  const { code } = await rawCall(endpoint, Put.path, [withUnknownField]);
  t.equal(code, 0);
  t.strictSame(Buffer.from(payload!), withUnknownField);
});

t.test('a request above the limit is refused, up to it accepted', async (t) => {
  const { channel } = await serveApi(t);
  // Measured on etcd 3.4.23: 17 bytes of the 1.5 MiB are the envelope's.
  const overheadBytes =
    17 + PutRequest.encode({ key: b('k'), value: new Uint8Array(1e6) }).length - 1e6;
  const value = (bytes: number) => new Uint8Array(1.5 * 1024 * 1024 - overheadBytes + bytes);
  t.strictSame(await failure(channel, Put, { key: b('k'), value: value(0) }), [0, 'ok']);
  t.strictSame(await failure(channel, Put, { key: b('k'), value: value(1) }), [
    3,
    'etcdserver: request is too large',
  ]);
  t.strictSame(await failure(channel, Put, { key: b('k'), value: new Uint8Array(2 ** 21) }), [
    8,
    'grpc: received message larger than max (2097160 vs. 2097152)',
  ]);
});

t.test('errors of the node pass to the client with code and text', async (t) => {
  const { rig, channel, errors } = await serveApi(t);
  for (const code of ['timeout', 'too-many-requests', 'leader-changed', 'stopped'] as const) {
    rig.failure = new StoreError(code);
    const expected = [rig.failure.status, rig.failure.message];
    t.strictSame(await failure(channel, Put, { key: b('a') }), expected, `put: ${code}`);
    t.strictSame(await failure(channel, Range, { key: b('a') }), expected, `range: ${code}`);
    const serializable = { key: b('a'), serializable: true };
    t.strictSame(await failure(channel, Range, serializable), [0, 'ok'], `stale read: ${code}`);
  }
  t.strictSame(errors, []);
});

t.test('beyond the quota, what grows the database raises the alarm and is refused', async (t) => {
  const { rig, channel } = await serveApi(t);
  await channel.unary(Put, { key: b('a'), value: b('1') });
  rig.limits.quotaBytes = rig.sizeBytes().inUse + 300;
  t.strictSame(await failure(channel, Put, { key: b('a') }), [0, 'ok'], 'there is room for one');
  const big = { key: b('big'), value: new Uint8Array(1000) };
  t.strictSame(await failure(channel, Put, big), noSpace);
  t.strictSame(rig.alarms(), [{ memberId: rig.memberId, alarm: AlarmType.NOSPACE }]);
  rig.limits.quotaBytes = 2 ** 31;
  const put = { requestPut: { key: b('a') } };
  const nested = { requestTxn: { failure: [put] } };
  t.strictSame(await failure(channel, Put, { key: b('a') }), noSpace, 'until it is disarmed');
  t.strictSame(await failure(channel, Txn, { failure: [put] }), noSpace);
  t.strictSame(await failure(channel, Txn, { success: [nested] }), noSpace);
  t.strictSame(await failure(channel, Lease.methods.LeaseGrant, { TTL: 10 }), noSpace);
  const allowed = [
    await failure(channel, Range, { key: b('a') }),
    await failure(channel, Txn, { success: [{ requestDeleteRange: { key: b('x') } }] }),
    await failure(channel, DeleteRange, { key: b('a') }),
    await failure(channel, Compact, { revision: 2 }),
  ];
  t.strictSame(allowed, Array(4).fill([0, 'ok']), 'what frees space is not refused');
  await channel.unary(Alarm, {
    action: AlarmAction.DEACTIVATE,
    alarm: AlarmType.NOSPACE,
    memberID: rig.memberId,
  });
  t.strictSame(await failure(channel, Put, { key: b('a') }), [0, 'ok'], 'after it is disarmed');
});

t.test('a CORRUPT alarm refuses every write and no read', async (t) => {
  const { rig, channel } = await serveApi(t);
  const alarm = { alarm: AlarmType.CORRUPT, memberID: rig.memberId };
  await channel.unary(Alarm, { ...alarm, action: AlarmAction.ACTIVATE });
  rig.proposed.length = 0;
  const put = { requestPut: { key: b('a') } };
  t.strictSame(await failure(channel, Put, { key: b('a') }), corrupt);
  t.strictSame(await failure(channel, DeleteRange, { key: b('a') }), corrupt);
  t.strictSame(await failure(channel, Txn, { success: [put] }), corrupt);
  t.strictSame(await failure(channel, Compact, { revision: 1 }), corrupt);
  t.strictSame(await failure(channel, Lease.methods.LeaseGrant, { TTL: 10 }), corrupt);
  t.strictSame(await failure(channel, Lease.methods.LeaseRevoke, { ID: 1n }), corrupt);
  t.strictSame(rig.proposed, []);
  t.strictSame(await failure(channel, Range, { key: b('a') }), [0, 'ok']);
  t.strictSame(await failure(channel, Txn, { success: [{ requestRange: { key: b('a') } }] }), [
    0,
    'ok',
  ]);
  await channel.unary(Alarm, { ...alarm, action: AlarmAction.DEACTIVATE });
  t.strictSame(await failure(channel, Put, { key: b('a') }), [0, 'ok']);
});

t.test('Compact answers before the deletions are done, unless asked to wait', async (t) => {
  const { rig, channel } = await serveApi(t);
  for (let i = 0; i < 10; i++) await channel.unary(Put, { key: b('a') });
  const done = deferred();
  const propose = rig.propose.bind(rig);
  rig.propose = async (kind, payload) => {
    const result = await propose(kind, payload);
    if (!result.ok || result.response.kind !== 'compact') return result;
    return { ...result, response: { ...result.response, physical: done.promise } };
  };
  t.strictSame(await failure(channel, Compact, { revision: 5 }), [0, 'ok']);
  let isAnswered = false;
  const waiting = failure(channel, Compact, { revision: 6, physical: true }).then((result) => {
    isAnswered = true;
    return result;
  });
  for (let i = 0; i < 10; i++) await channel.unary(Range, { key: b('a') });
  t.equal(isAnswered, false);
  done.resolve();
  t.strictSame(await waiting, [0, 'ok']);
});

t.test('RangeStream sends one revision in pages; the last one carries the totals', async (t) => {
  const { channel } = await serveApi(t);
  const keys = Array.from({ length: 2500 }, (_, i) => `k${String(i).padStart(5, '0')}`);
  for (let i = 0; i < keys.length; i += 100) {
    const success = keys.slice(i, i + 100).map((key) => ({ requestPut: { key: b(key) } }));
    await channel.unary(Txn, { success });
  }
  const read = async (request: object) => {
    const stream = channel.stream(RangeStream);
    stream.send({ key: b('k'), rangeEnd: b('l'), ...request });
    stream.end();
    const pages = [];
    for await (const { rangeResponse } of stream.responses) pages.push(rangeResponse!);
    return pages;
  };
  const cases: readonly (readonly [object, number, number, boolean])[] = [
    [{}, 2500, 3, false],
    [{ limit: 1500 }, 1500, 2, true],
    [{ limit: 2500 }, 2500, 3, false],
    [{ limit: 5000 }, 2500, 3, false],
    [{ limit: 10 }, 10, 1, true],
    [{ countOnly: true }, 0, 1, false],
    [{ key: b('none'), rangeEnd: b('') }, 0, 1, false],
  ];
  for (const [request, count, pageCount, more] of cases) {
    const title = JSON.stringify(Object.keys(request)) + count;
    const pages = await read(request);
    const got = pages.flatMap((page) => page.kvs.map((kv) => s(kv.key)));
    t.strictSame(got, keys.slice(0, count), title);
    t.equal(pages.length, pageCount, title);
    const last = pages.at(-1)!;
    t.equal(last.count, 'key' in request ? 0 : 2500, title);
    t.equal(last.more, more, title);
    t.equal(last.header!.revision, 26, title);
    t.ok(
      pages.slice(0, -1).every((page) => page.header === undefined && page.count === 0),
      title,
    );
  }
  for (const refused of [
    { sortOrder: 2 },
    { sortTarget: 1 },
    { minModRevision: 1 },
    { maxCreateRevision: 9 },
  ]) {
    const [code] = await failureOf(read(refused));
    t.equal(code, 12, JSON.stringify(refused));
  }
  t.strictSame(await failureOf(read({ revision: 99 })), [
    11,
    'etcdserver: mvcc: required revision is a future revision',
  ]);
});

t.test('a client that goes away while its write is under way disturbs nobody', async (t) => {
  const { rig, channel, errors } = await serveApi(t);
  const gate = deferred();
  rig.gate = gate.promise;
  const abort = new AbortController();
  const gone = failure(channel, Put, { key: b('gone') }, { signal: abort.signal });
  while (rig.proposed.length === 0) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  t.equal((await gone)[0], 1);
  gate.resolve();
  t.strictSame(await failure(channel, Put, { key: b('a') }), [0, 'ok']);
  t.equal((await channel.unary(Range, { key: b('gone') })).count, 1, 'it was in the log already');
  t.strictSame(rig.proposed, [CommandKind.put, CommandKind.put]);
  t.strictSame(errors, []);
});
