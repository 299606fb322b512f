import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { connect, toText } from '../../src/client/index.js';
import { serverKind, skipReason, TestCluster } from './server.js';
import { until, within } from './until.js';

const noEtcdctl =
  spawnSync('etcdctl', ['version']).error === undefined ? false : 'etcdctl is not installed';

t.test(`leases, locks and elections against ${serverKind}`, { skip: skipReason }, async (t) => {
  const cluster = await TestCluster.start();
  const client = connect({ endpoints: cluster.endpoints });
  t.teardown(async () => {
    await client.close();
    await cluster.close();
  });

  /** Starts etcdctl; it is interrupted when the test ends. */
  const etcdctl = (t: Test, ...args: string[]) => {
    const child = spawn('etcdctl', args, {
      env: { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: cluster.endpoints.join(',') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    t.teardown(() => interrupt(child));
    const nextLine = async () => String((await within('a line of etcdctl', lines.next())).value);
    return { child, nextLine };
  };

  t.test('a lease: grant, time to live, list, revoke', async (t) => {
    const { ID, TTL } = await client.lease.grant(30);
    t.equal(TTL, 30);
    await client.kv.put('leased', '1', { lease: ID });
    const left = await client.lease.timeToLive(ID, { keys: true });
    t.equal(left.grantedTTL, 30);
    t.same(left.keys.map(toText), ['leased']);
    const { leases } = await client.lease.list();
    t.ok(leases.some((lease) => lease.ID === ID));
    t.equal((await client.lease.keepAliveOnce(ID)).TTL, 30);
    await client.lease.revoke(ID);
    t.equal((await client.kv.get('leased')).kv, undefined);
    t.equal((await client.lease.timeToLive(ID)).TTL, -1);
  });

  t.test('keepAlive outlives the time to live, and not its keeper', async (t) => {
    // Long enough for a busy machine, which may come to nothing else for seconds.
    const ttlSeconds = 6;
    const { ID } = await client.lease.grant(ttlSeconds);
    const grantedAt = performance.now();
    const keeper = client.lease.keepAlive(ID);
    await until('its end is past', () => performance.now() - grantedAt > ttlSeconds * 1000);
    t.equal((await client.lease.timeToLive(ID)).grantedTTL, ttlSeconds);
    t.notOk(keeper.lost.aborted);
    keeper.close();
    const hasEnded = async () => (await client.lease.timeToLive(ID)).TTL === -1;
    await until('the lease runs out', hasEnded);
    t.notOk(keeper.lost.aborted);
  });

  t.test('keepAlive outlives a restart of the server', async (t) => {
    const { ID } = await client.lease.grant(60);
    let renewals = 0;
    const keeper = client.lease.keepAlive(ID, { onRenewed: () => renewals++ });
    await until('a renewal', () => renewals >= 1);
    await cluster.members[0]!.kill();
    await cluster.members[0]!.start();
    const before = renewals;
    await until('a renewal after the restart', () => renewals > before);
    t.notOk(keeper.lost.aborted);
    keeper.close();
    await client.lease.revoke(ID);
  });

  t.test('keepAlive reports a lease that was revoked', async (t) => {
    const { ID } = await client.lease.grant(3);
    const keeper = client.lease.keepAlive(ID);
    await client.lease.revoke(ID);
    await until('the loss', () => keeper.lost.aborted);
    t.match(keeper.lost.reason, { code: 'lease-lost' });
  });

  t.test('a lock excludes, queues in order and fences', async (t) => {
    const order: string[] = [];
    const hold = async (name: string) => {
      const session = await client.session({ ttlSeconds: 10 });
      const lock = await client.lock('mutex', { session });
      order.push(name);
      return { session, lock };
    };
    const first = await hold('first');
    const second = hold('second');
    await until('the second waits', async () => {
      const { count } = await client.kv.range({ prefix: 'mutex/' }, { countOnly: true });
      return count === 2;
    });
    const third = hold('third');
    t.same(order, ['first']);
    await t.rejects(client.lock('mutex', { session: await client.session(), isTry: true }), {
      code: 'failed-precondition',
    });
    await first.lock.release();
    const { lock: secondLock, session } = await second;
    t.ok(secondLock.fencingToken > first.lock.fencingToken);
    // Losing the session passes the lock on.
    await session.close();
    const { lock: thirdLock } = await third;
    t.ok(thirdLock.fencingToken > secondLock.fencingToken);
    t.same(order, ['first', 'second', 'third']);
    await thirdLock.release();
    t.equal((await client.kv.range({ prefix: 'mutex/' }, { countOnly: true })).count, 0);
  });

  t.test('a lock is lost with its lease', async (t) => {
    const session = await client.session({ ttlSeconds: 10 });
    const lock = await client.lock('lossy', { session });
    await client.lease.revoke(session.lease);
    await until('the loss', () => lock.lost.aborted);
    await t.rejects(client.lock('lossy', { session }), { code: 'lease-lost' });
  });

  t.test('giving up waiting leaves the queue', async (t) => {
    const holder = await client.session();
    const lock = await client.lock('queue', { session: holder });
    const waiter = await client.session();
    const controller = new AbortController();
    const waiting = client.lock('queue', { session: waiter, signal: controller.signal });
    const count = async () =>
      (await client.kv.range({ prefix: 'queue/' }, { countOnly: true })).count;
    await until('the place in the queue', async () => (await count()) === 2);
    controller.abort();
    await t.rejects(waiting, { code: 'cancelled' });
    t.equal(await count(), 1);
    await lock.release();
  });

  t.test('an election: campaign, proclaim, observe, resign', async (t) => {
    const election = client.election('vote');
    await t.rejects(election.leader(), { code: 'no-election-leader' });
    const controller = new AbortController();
    const seen: string[] = [];
    const observing = (async () => {
      for await (const leader of election.observe({ signal: controller.signal })) {
        seen.push(toText(leader.value));
      }
    })();
    const one = await election.campaign('one', { session: await client.session() });
    t.equal(toText((await election.leader()).value), 'one');
    await until('the first leader is seen', () => seen.length === 1);
    await one.proclaim('one again');
    await until('the proclamation is seen', () => seen.length === 2);
    const two = election.campaign('two', { session: await client.session() });
    await one.resign();
    t.ok((await two).fencingToken > one.fencingToken);
    await t.rejects(one.proclaim('late'), { code: 'not-elected' });
    await until('the second leader is seen', () => seen.length === 3);
    t.same(seen, ['one', 'one again', 'two']);
    controller.abort();
    await observing.catch((error: unknown) => t.match(error, { code: 'cancelled' }));
  });

  t.test('locks exclude etcdctl, and etcdctl excludes ours', { skip: noEtcdctl }, async (t) => {
    const session = await client.session();
    const lock = await client.lock('shared', { session });
    const { child, nextLine } = etcdctl(t, 'lock', 'shared');
    await until('etcdctl queues', async () => {
      return (await client.kv.range({ prefix: 'shared/' }, { countOnly: true })).count === 2;
    });
    const waiting = nextLine();
    await lock.release();
    t.match(await waiting, /^shared\/[0-9a-f]+$/);
    const again = client.lock('shared', { session });
    await until('we queue', async () => {
      return (await client.kv.range({ prefix: 'shared/' }, { countOnly: true })).count === 2;
    });
    await interrupt(child);
    t.ok((await within('the lock', again)).fencingToken > lock.fencingToken);
  });

  t.test('elections hold with etcdctl on either side', { skip: noEtcdctl }, async (t) => {
    const election = client.election('mixed');
    const { child, nextLine } = etcdctl(t, 'elect', 'mixed', 'theirs');
    await nextLine();
    t.equal(await nextLine(), 'theirs');
    t.equal(toText((await election.leader()).value), 'theirs');
    const ours = election.campaign('ours', { session: await client.session() });
    await until('we queue', async () => {
      return (await client.kv.range({ prefix: 'mixed/' }, { countOnly: true })).count === 2;
    });
    const listener = etcdctl(t, 'elect', '--listen', 'mixed');
    await listener.nextLine();
    t.equal(await listener.nextLine(), 'theirs');
    await interrupt(child);
    await within('the leadership', ours);
    await listener.nextLine();
    t.equal(await listener.nextLine(), 'ours');
  });
});

async function interrupt(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGINT');
  await once(child, 'exit');
}
