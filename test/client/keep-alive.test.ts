import t from 'tap';
import { LeaseKeepAliveResponse } from '../../src/wire/index.js';
import { broken, type FakeStream, refused, settled } from './fake-channel.js';
import { fakeCluster } from './fake-cluster.js';

function setUp(size = 1) {
  const cluster = fakeCluster(size);
  for (const server of cluster.servers) server.onStream = () => null;
  return cluster;
}

function idsOf(stream: FakeStream | undefined): bigint[] {
  return (stream!.sent as { ID: bigint }[]).map(({ ID }) => ID);
}

function renewed(stream: FakeStream | undefined, ID: bigint, TTL: number): void {
  stream!.respond(LeaseKeepAliveResponse.create({ ID, TTL }));
}

t.test('a lease is renewed every third of its time to live', async (t) => {
  const { client, clock, servers } = setUp();
  const keeper = client.lease.keepAlive(7n, { granted: { ttlSeconds: 9, atMs: 0 } });
  await clock.advance(0);
  const [stream] = servers[0]!.streams;
  t.same(idsOf(stream), [7n], 'at once');
  for (let i = 1; i <= 5; i++) {
    renewed(stream, 7n, 9);
    await clock.advance(2999);
    t.equal(stream!.sent.length, i);
    await clock.advance(1);
    t.equal(stream!.sent.length, i + 1);
  }
  t.notOk(keeper.lost.aborted);
  await client.close();
});

t.test('time left counts from when the renewal was sent', async (t) => {
  const { client, clock, servers } = setUp();
  const keeper = client.lease.keepAlive(7n, { granted: { ttlSeconds: 9, atMs: 0 } });
  await clock.advance(0);
  await clock.advance(900);
  renewed(servers[0]!.streams[0], 7n, 9);
  await settled();
  t.equal(keeper.leftMs, 8100);
  await client.close();
});

t.test('a lease is lost when the server says so', async (t) => {
  const { client, servers } = setUp();
  const keeper = client.lease.keepAlive(7n);
  await settled();
  renewed(servers[0]!.streams[0], 7n, 0);
  await settled();
  t.match(keeper.lost.reason, { code: 'lease-lost' });
  await settled();
  t.ok(servers[0]!.streams[0]!.isCancelled, 'nothing is kept any more');
  await client.close();
});

t.test('a lease is lost by the own clock when nothing answers, not before', async (t) => {
  const { client, clock, servers } = setUp(2);
  for (const server of servers) server.onStream = refused;
  const keeper = client.lease.keepAlive(7n, { granted: { ttlSeconds: 9, atMs: 0 } });
  await clock.advance(8999);
  t.notOk(keeper.lost.aborted);
  await clock.advance(1);
  t.match(keeper.lost.reason, { code: 'lease-lost' });
  await client.close();
});

t.test('a broken stream is replaced at once, and every lease renewed on the new one', async (t) => {
  const { client, servers } = setUp(2);
  const keepers = [1n, 2n, 3n].map((id) => client.lease.keepAlive(id));
  await settled();
  t.same(idsOf(servers[0]!.streams[0]), [1n, 2n, 3n]);
  servers[0]!.streams[0]!.fail(broken());
  await settled();
  t.same(idsOf(servers[1]!.streams[0]), [1n, 2n, 3n]);
  for (const keeper of keepers) t.notOk(keeper.lost.aborted);
  await client.close();
});

t.test('a server that goes silent is left for another in time', async (t) => {
  const { client, clock, servers } = setUp(2);
  const keeper = client.lease.keepAlive(7n, { granted: { ttlSeconds: 6, atMs: 0 } });
  await clock.advance(2000);
  t.same(idsOf(servers[1]!.streams[0]), [7n], 'after a third of the time to live');
  renewed(servers[1]!.streams[0], 7n, 6);
  await clock.advance(5999);
  t.notOk(keeper.lost.aborted);
  await client.close();
});

t.test('answers out of order find their lease', async (t) => {
  const { client, servers } = setUp();
  const first = client.lease.keepAlive(1n);
  const second = client.lease.keepAlive(2n);
  await settled();
  renewed(servers[0]!.streams[0], 2n, 10);
  renewed(servers[0]!.streams[0], 1n, 20);
  renewed(servers[0]!.streams[0], 3n, 0);
  await settled();
  t.equal(first.leftMs, 20_000);
  t.equal(second.leftMs, 10_000);
  await client.close();
});

t.test('close and the signal stop renewing without reporting a loss', async (t) => {
  const { client, clock, servers } = setUp();
  const controller = new AbortController();
  const first = client.lease.keepAlive(1n, { signal: controller.signal });
  const second = client.lease.keepAlive(2n);
  await settled();
  controller.abort();
  second.close();
  await settled();
  const sent = servers[0]!.streams[0]!.sent.length;
  await clock.advance(60_000);
  t.equal(servers[0]!.streams.length, 1);
  t.equal(servers[0]!.streams[0]!.sent.length, sent);
  t.notOk(first.lost.aborted || second.lost.aborted);
  await client.close();
});

t.test('the end of the client is a loss: nobody renews any more', async (t) => {
  const { client } = setUp();
  const keeper = client.lease.keepAlive(1n);
  await client.close();
  t.match(keeper.lost.reason, { code: 'closed' });
  t.match(client.lease.keepAlive(2n).lost.reason, { code: 'closed' });
});
