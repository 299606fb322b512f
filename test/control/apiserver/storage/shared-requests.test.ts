import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import { connect } from '../../../../src/client/index.js';
import { Compactor } from '../../../../src/control/apiserver/storage/compactor.js';
import { JsonBudget } from '../../../../src/control/apiserver/storage/json-budget.js';
import { LeasePool } from '../../../../src/control/apiserver/storage/lease-pool.js';
import { RevisionReader } from '../../../../src/control/apiserver/storage/revision-reader.js';
import {
  isExactProgress,
  StoreFeatures,
} from '../../../../src/control/apiserver/storage/store-features.js';
import { hostClock } from '../../../../src/host/clock.js';
import { refused, settled } from '../../../client/fake-channel.js';
import { fakeCluster } from '../../../client/fake-cluster.js';
import { serveApi } from '../../../store/api/rig.js';
import { failureOf } from './things.js';

t.test(
  'RevisionReader: who asks in a turn shares a read, who asks during it waits for the next',
  async (t) => {
    const { client, clock, servers } = fakeCluster(1);
    const [server] = servers;
    const gates: (() => void)[] = [];
    let revision = 10;
    server!.answer = async () => {
      const answer = { header: { revision: revision++ } };
      await new Promise<void>((resolve) => gates.push(resolve));
      return answer;
    };
    const reader = new RevisionReader({ client, clock });
    const first = [reader.current(), reader.current()];
    await settled();
    t.equal(server!.calls.length, 1);
    const second = [reader.current(), reader.current(), reader.current()];
    await settled();
    t.equal(server!.calls.length, 1, 'one at a time');
    gates.shift()!();
    t.same(await Promise.all(first), [10, 10]);
    await settled();
    gates.shift()!();
    t.same(await Promise.all(second), [11, 11, 11]);
    server!.answer = () => ({ header: { revision: 20 } });
    t.equal(await reader.current(), 20, 'and begins again when there was nobody');
  },
);

t.test('RevisionReader: a failure is told to all who shared it', async (t) => {
  const { client, clock, servers } = fakeCluster(1);
  servers[0]!.answer = refused;
  const reader = new RevisionReader({ client, clock });
  const failures = Promise.all([failureOf(reader.current()), failureOf(reader.current())]);
  await clock.advance(10_000);
  t.match(await failures, [{ code: 'unavailable' }, { code: 'unavailable' }]);
});

t.test('StoreFeatures: versions with exact progress answers', (t) => {
  for (const [version, isExact] of [
    ['3.3.27', false],
    ['3.4.23', false],
    ['3.4.30', false],
    ['3.4.31', true],
    ['3.5.12', false],
    ['3.5.13', true],
    ['3.5.30', true],
    ['3.6.0-rc.1', true],
    ['3.7.0', true],
    ['4.0.0', true],
    ['2.3.8', false],
    ['', false],
  ] as const) {
    t.equal(isExactProgress(version), isExact, version);
  }
  t.end();
});

t.test('StoreFeatures: one member that answers decides, one old member forbids', async (t) => {
  const { client, servers, clock } = fakeCluster(3);
  const features = new StoreFeatures({ client });
  const silent = features.hasExactProgress();
  await clock.advance(10_000);
  t.equal(await silent, false, 'nobody answers');
  servers[1]!.answer = () => ({ header: {}, version: '3.5.13' });
  const asked = features.hasExactProgress();
  await clock.advance(10_000);
  t.equal(await asked, true);
  const calls = servers[1]!.calls.length;
  await features.hasExactProgress();
  t.equal(servers[1]!.calls.length, calls, 'once known it is not asked again');
  const mixed = fakeCluster(2);
  mixed.servers[0]!.answer = () => ({ header: {}, version: '3.4.23' });
  mixed.servers[1]!.answer = () => ({ header: {}, version: '3.7.0' });
  const both = new StoreFeatures({ client: mixed.client });
  await both.hasExactProgress();
  await settled();
  t.equal(await both.hasExactProgress(), false);
});

/** A pool whose store grants leases 1, 2, 3... */
function leasePool(objectsMax?: number) {
  const { client, clock, servers } = fakeCluster(1);
  let last = 0n;
  servers[0]!.answer = () => ({ header: {}, ID: ++last, TTL: 1n });
  const pool = new LeasePool({
    client,
    clock,
    ...(objectsMax === undefined ? {} : { objectsMax }),
  });
  return { pool, clock, server: servers[0]! };
}

t.test('LeasePool: objects of about the same time share a lease', async (t) => {
  const { pool, clock } = leasePool();
  const leases = async (...ttls: number[]) =>
    await Promise.all(ttls.map((ttl) => pool.leaseFor(ttl)));
  t.same(await leases(3600, 3600, 600, 3600), [1n, 1n, 2n, 1n]);
  await clock.advance(60_000);
  t.same(await leases(3600), [1n], 'a minute later the lease still lasts an hour');
  await clock.advance(1);
  t.same(await leases(3600, 3600), [3n, 3n]);
  t.same(await leases(5), [4n], 'a short one');
  await clock.advance(1);
  t.same(await leases(5), [5n], 'is not shared with what comes later');
});

t.test('LeasePool: a lease carries so many objects and no more', async (t) => {
  const { pool } = leasePool(3);
  const leases = await Promise.all(Array.from({ length: 7 }, () => pool.leaseFor(3600)));
  t.same(leases, [1n, 1n, 1n, 2n, 2n, 2n, 3n]);
});

t.test('LeasePool: what the store forgot, or never granted, is not given out again', async (t) => {
  const { pool, clock, server } = leasePool();
  const first = await pool.leaseFor(3600);
  pool.forget(first);
  t.equal(await pool.leaseFor(3600), 2n);
  pool.forget(2n);
  const { answer } = server;
  server.answer = refused;
  const failing = failureOf(pool.leaseFor(3600));
  await clock.advance(10_000);
  t.match(await failing, { code: 'unavailable', maybeApplied: false });
  server.answer = answer;
  t.equal(await pool.leaseFor(3600), 3n);
});

t.test('Compactor: replicas agree on who compacts, one interval back', async (t) => {
  const { endpoint } = await serveApi(t);
  const client = connect({ endpoints: [endpoint], prng: new Prng(1) });
  t.teardown(() => client.close());
  const replica = () =>
    new Compactor({ client, clock: hostClock, logger: silentLogger, intervalMs: 1 });
  const [a, b] = [replica(), replica()];
  const write = async () => (await client.kv.put('k', 'v')).header.revision;
  const isReadable = async (revision: number) =>
    await client.kv.get('k', { revision }).then(
      () => true,
      () => false,
    );
  const first = await write();
  await a.round();
  const second = await write();
  await b.round();
  await write();
  t.ok(await isReadable(first), 'the first rounds only look');
  await a.round();
  t.notOk(await isReadable(first), 'an interval later what was then is forgotten');
  t.ok(await isReadable(second));
  await b.round();
  t.ok(await isReadable(second), 'the other replica sees that it has been done');
  await b.round();
  t.notOk(await isReadable(second), 'and does it the next time');
  const { kv } = await client.kv.get('compact_rev_key');
  t.ok(kv !== undefined && kv.version >= 3);
});

t.test('Compactor: runs at its interval until it is closed', async (t) => {
  const { client, clock, servers } = fakeCluster(1);
  const [server] = servers;
  let revision = 100;
  server!.answer = (path) =>
    path.endsWith('/Txn')
      ? { header: { revision: revision++ }, succeeded: true, responses: [{ responsePut: {} }] }
      : { header: { revision } };
  const compactor = new Compactor({ client, clock, logger: silentLogger, intervalMs: 300_000 });
  compactor.start();
  await clock.advance(299_999);
  t.equal(server!.calls.length, 0);
  await clock.advance(1);
  await clock.advance(300_000);
  const kinds = server!.calls.map((path) => path.split('/').at(-1));
  t.same(kinds, ['Txn', 'Txn', 'Compact']);
  server!.answer = refused;
  await clock.advance(310_000);
  server!.answer = () => ({ header: { revision: 1 } });
  await compactor.close();
  const { length } = server!.calls;
  await clock.advance(900_000);
  t.equal(server!.calls.length, length);
});

t.test('JsonBudget: beyond it the oldest is given up', (t) => {
  const budget = new JsonBudget(10);
  const dropped: number[] = [];
  const make = (id: number, bytes: number) =>
    budget.onMade({ dropJson: () => dropped.push(id) }, bytes);
  make(1, 4);
  make(2, 4);
  t.same(dropped, []);
  make(3, 4);
  t.same(dropped, [1]);
  make(4, 50);
  t.same(dropped, [1, 2, 3], 'one that is too large is kept alone');
  make(5, 1);
  t.same(dropped, [1, 2, 3, 4]);
  t.equal(budget.bytes, 1);
  for (let i = 6; i < 5000; i++) make(i, 3);
  t.ok(budget.bytes <= 10);
  t.equal(dropped.length, 5000 - 4);
  t.end();
});

t.test('JsonBudget: of what a list makes, one in eight is kept when there is no room', (t) => {
  const budget = new JsonBudget(10);
  t.ok(budget.isWorthKeeping(10), 'an empty budget has room');
  budget.onMade({ dropJson: () => {} }, 6);
  t.ok(budget.isWorthKeeping(4));
  const kept = Array.from({ length: 24 }, () => budget.isWorthKeeping(5));
  t.same(
    kept,
    Array.from({ length: 24 }, (_, at) => at % 8 === 7),
  );
  t.ok(budget.isWorthKeeping(4), 'what there is room for always is');
  t.end();
});

t.test('JsonBudget: what was replaced goes first, and is not held', (t) => {
  const budget = new JsonBudget(160);
  const dropped: number[] = [];
  const keepers = Array.from({ length: 6 }, (_, id) => ({ dropJson: () => dropped.push(id) }));
  for (const keeper of keepers) budget.onMade(keeper, 6);
  t.equal(budget.bytes, 36);
  budget.onReplaced(keepers[1]!);
  t.same(dropped, []);
  t.equal(budget.bytes, 36);
  budget.onReplaced(keepers[0]!);
  t.same(dropped, [1], 'a sixteenth is for what was replaced');
  t.equal(budget.bytes, 30);
  budget.onMade(keepers[1]!, 6, { isReplaced: true });
  t.same(dropped, [1, 0], 'who makes it again makes it for now');
  budget.onReplaced({ dropJson: () => t.fail('it kept nothing') });
  t.equal(budget.bytes, 30);
  t.end();
});

for (const seed of [1, 2, 3]) {
  t.test(`JsonBudget counts what it keeps (seed ${seed})`, (t) => {
    const prng = new Prng(seed);
    const budget = new JsonBudget(10_000);
    /** Bytes of who keeps something. */
    const kept = new Map<number, number>();
    const keepers = Array.from({ length: 300 }, (_, id) => ({ dropJson: () => kept.delete(id) }));
    const replaced = new Set<number>();
    for (let step = 0; step < 20_000; step++) {
      const id = prng.int(0, keepers.length - 1);
      if (prng.chance(0.4)) {
        replaced.add(id);
        budget.onReplaced(keepers[id]!);
      } else if (!kept.has(id)) {
        kept.set(id, prng.int(1, 400));
        budget.onMade(keepers[id]!, kept.get(id)!, { isReplaced: replaced.has(id) });
      } else continue;
      const sum = [...kept.values()].reduce((all, bytes) => all + bytes, 0);
      if (budget.bytes !== sum || sum > 10_625) {
        t.fail(`${budget.bytes} bytes are counted, ${sum} kept (seed ${seed}, step ${step})`);
        break;
      }
    }
    t.ok(kept.size > 0);
    t.end();
  });
}
