import t from 'tap';
import {
  type Client,
  ClientError,
  type ClientErrorCode,
  compare,
  connect,
  nested,
  put,
  range,
  remove,
  toText,
} from '../../src/client/index.js';
import { serverKind, skipReason, TestCluster } from './server.js';

t.test(`requests against ${serverKind}`, { skip: skipReason }, async (t) => {
  const cluster = await TestCluster.start();
  const client = connect({ endpoints: cluster.endpoints });
  t.teardown(async () => {
    await client.close();
    await cluster.close();
  });

  t.test('put and get round-trip bytes and tell the revision', async (t) => {
    const value = Uint8Array.from({ length: 256 }, (_, i) => i);
    const { header, prevKv } = await client.kv.put('kv/a', value, { prevKv: true });
    t.equal(prevKv, undefined);
    const { kv } = await client.kv.get('kv/a');
    t.same(kv?.value, value);
    t.equal(kv?.modRevision, header.revision);
    t.equal(kv?.version, 1);
    t.equal((await client.kv.get('kv/absent')).kv, undefined);
  });

  t.test('range takes every option', async (t) => {
    for (const key of ['c', 'a', 'b']) await client.kv.put(`range/${key}`, `v${key}`);
    await client.kv.put('range/a', 'again');
    const keys = async (options: Parameters<Client['kv']['range']>[1]) => {
      const { kvs } = await client.kv.range({ prefix: 'range/' }, options);
      return kvs.map((kv) => toText(kv.key).slice('range/'.length)).join('');
    };
    t.equal(await keys({}), 'abc');
    t.equal(await keys({ order: 'descend' }), 'cba');
    t.equal(await keys({ sortBy: 'create', order: 'ascend' }), 'cab');
    t.equal(await keys({ sortBy: 'modify', order: 'ascend' }), 'cba');
    t.equal(await keys({ sortBy: 'version', order: 'descend', limit: 1 }), 'a');
    t.equal(await keys({ sortBy: 'value', order: 'ascend' }), 'abc');
    t.equal(await keys({ limit: 2 }), 'ab');
    t.equal(await keys({ isSerializable: true }), 'abc');
    const counted = await client.kv.range({ prefix: 'range/' }, { countOnly: true });
    t.equal(counted.count, 3);
    t.same(counted.kvs, []);
    const bare = await client.kv.range({ from: 'range/b' }, { keysOnly: true, limit: 1 });
    t.equal(bare.kvs[0]?.value.length, 0);
    t.equal(bare.more, true);
    const old = await client.kv.range('range/a', { revision: bare.header.revision - 1 });
    t.equal(toText(old.kvs[0]!.value), 'va');
    const late = await client.kv.range(
      { prefix: 'range/' },
      { minModRevision: bare.header.revision },
    );
    t.equal(late.kvs.length, 1);
  });

  t.test('getAll pages at one revision while writes go on', async (t) => {
    for (let i = 0; i < 10; i++) await client.kv.put(`page/${i}`, 'before');
    const seen: string[] = [];
    const revisions = new Set<number>();
    for await (const page of client.kv.getAll({ prefix: 'page/' }, { pageSize: 3 })) {
      revisions.add(page.revision);
      for (const { key, value } of page.kvs) seen.push(`${toText(key)}=${toText(value)}`);
      await client.kv.put('page/9', 'after');
      await client.kv.delete('page/8');
    }
    t.equal(revisions.size, 1);
    t.same(
      seen,
      Array.from({ length: 10 }, (_, i) => `page/${i}=before`),
    );
    await t.rejects(
      async () => {
        for await (const _ of client.kv.getAll('x', { pageSize: 0 }));
      },
      { code: 'invalid-argument' },
    );
  });

  t.test('delete counts and returns what it deleted', async (t) => {
    await client.kv.put('del/a', '1');
    await client.kv.put('del/b', '2');
    const { deleted, prevKvs } = await client.kv.delete({ prefix: 'del/' }, { prevKv: true });
    t.equal(deleted, 2);
    t.same(
      prevKvs.map((kv) => toText(kv.value)),
      ['1', '2'],
    );
    t.equal((await client.kv.delete({ prefix: 'del/' })).deleted, 0);
  });

  t.test('txn takes a branch and types its results', async (t) => {
    const swap = () =>
      client.kv
        .txn()
        .if(compare('txn/a').isAbsent())
        .then(put('txn/a', '1'), range('txn/a'))
        .else(remove('txn/a', { prevKv: true }))
        .commit();
    const first = await swap();
    t.ok(first.succeeded);
    if (first.succeeded) {
      t.equal(toText(first.results[1].kvs[0]!.value), '1');
      t.equal(first.results[0].prevKv, undefined);
    }
    const second = await swap();
    t.notOk(second.succeeded);
    if (!second.succeeded) t.equal(second.results[0].deleted, 1);
  });

  t.test('txn guards: every property and relation', async (t) => {
    const { header } = await client.kv.put('guard', 'm');
    const holds = async (guard: ReturnType<ReturnType<typeof compare>['exists']>) =>
      (await client.kv.txn().if(guard).commit()).succeeded;
    const key = compare('guard');
    const { revision } = header;
    const table = [
      [key.value('=', 'm'), true],
      [key.value('!=', 'm'), false],
      [key.value('<', 'n'), true],
      [key.value('>', 'n'), false],
      [key.version('=', 1), true],
      [key.version('>', 1), false],
      [key.createRevision('=', revision), true],
      [key.createRevision('<', revision), false],
      [key.modRevision('=', revision), true],
      [key.modRevision('!=', revision), false],
      [key.lease('=', 0n), true],
      [key.lease('>', 0n), false],
      [key.exists(), true],
      [key.isAbsent(), false],
      [compare({ prefix: 'guard' }).version('=', 1), true],
    ] as const;
    for (const [i, [guard, expected]] of table.entries()) {
      t.equal(await holds(guard), expected, `guard ${i}`);
    }
  });

  t.test('txn nests', async (t) => {
    const result = await client.kv
      .txn()
      .then(
        nested({
          compares: [compare('nest').exists()],
          success: [],
          failure: [put('nest', 'made'), range('nest')],
        }),
      )
      .commit();
    t.ok(result.succeeded);
    if (!result.succeeded) return;
    const [inner] = result.results;
    t.notOk(inner.succeeded);
    if (!inner.succeeded) t.equal(toText(inner.results[1].kvs[0]!.value), 'made');
  });

  t.test('a builder is not a promise', async (t) => {
    await t.rejects(async () => await (client.kv.txn() as unknown as Promise<void>), /commit/);
  });

  t.test('refusals carry stable codes', async (t) => {
    const { header } = await client.kv.put('refuse', '1');
    const { revision } = header;
    const table: [string, () => Promise<unknown>, { code: ClientErrorCode; grpcCode?: number }][] =
      [
        ['empty key', () => client.kv.get(''), { code: 'invalid-argument', grpcCode: 3 }],
        [
          'future',
          () => client.kv.get('a', { revision: revision + 100 }),
          { code: 'future-revision' },
        ],
        ['lease', () => client.kv.put('a', '1', { lease: 99n }), { code: 'lease-not-found' }],
        [
          'ignore',
          () => client.kv.put('none', '', { ignoreValue: true }),
          { code: 'key-not-found' },
        ],
        ['ttl', () => client.lease.grant(9_000_000_001), { code: 'lease-ttl-too-large' }],
        ['revoke', () => client.lease.revoke(99n), { code: 'lease-not-found' }],
        ['keep-alive', () => client.lease.keepAliveOnce(99n), { code: 'lease-not-found' }],
        ['member', () => client.cluster.remove(99n), { code: 'member-not-found' }],
        ['late compact', () => client.kv.compact(revision + 100), { code: 'future-revision' }],
      ];
    for (const [name, act, expected] of table) {
      await t.rejects(act(), { ...expected, maybeApplied: false }, name);
    }
    await client.kv.compact(revision, { isPhysical: true });
    await t.rejects(client.kv.get('refuse', { revision: revision - 1 }), { code: 'compacted' });
    await t.rejects(client.kv.compact(revision), { code: 'compacted' });
  });

  t.test('maintenance and membership answer for one member', async (t) => {
    const [endpoint] = client.endpoints;
    const status = await client.maintenance.status(endpoint!);
    const { members } = await client.cluster.list();
    t.equal(members.length, 1);
    t.equal(status.leader, members[0]?.ID);
    t.equal(status.header.memberId, members[0]?.ID);
    t.ok((await client.maintenance.hashKv(endpoint!)).hash > 0);
    t.same((await client.maintenance.alarms()).alarms, []);
    await client.maintenance.defragment(endpoint!);
    await t.rejects(client.maintenance.moveLeader(endpoint!, 12345n), {
      code: 'failed-precondition',
    });
  });

  t.test('signal and close end requests with their codes', async (t) => {
    const gone = AbortSignal.abort();
    await t.rejects(client.kv.get('a', { signal: gone }), { code: 'cancelled' });
    const other = connect({ endpoints: cluster.endpoints });
    await other.kv.get('a');
    await other.close();
    await t.rejects(other.kv.get('a'), { code: 'closed' });
  });
});

t.test('connect refuses endpoints that it cannot use', async (t) => {
  t.throws(() => connect({ endpoints: [] }), { code: 'invalid-argument' });
  t.throws(() => connect({ endpoints: ['ftp://a:1'] }), { code: 'invalid-argument' });
  t.ok(new ClientError('server', 'x') instanceof Error);
});
