import t from 'tap';
import { StoreError } from '../../../src/store/errors.js';
import { KV, Lease } from '../../../src/wire/gen/etcdserverpb.js';
import { deferred } from '../../rpc/support.js';
import { b, failure, failureOf, s } from './client.js';
import { serveApi } from './rig.js';

const { LeaseGrant, LeaseRevoke, LeaseKeepAlive, LeaseTimeToLive, LeaseLeases } = Lease.methods;

t.test('LeaseGrant picks a positive id that is free', async (t) => {
  const { rig, channel } = await serveApi(t);
  const ids = new Set<bigint>();
  for (let i = 0; i < 50; i++) ids.add((await channel.unary(LeaseGrant, { TTL: 60 })).ID);
  t.equal(ids.size, 50);
  t.ok([...ids].every((id) => id > 0n && id < 2n ** 63n));
  const [taken] = ids;
  const drawn = [0n, taken!, 2n ** 63n + taken!, 4242n];
  rig.prng.uint64 = () => drawn.shift()!;
  t.equal((await channel.unary(LeaseGrant, { TTL: 60 })).ID, 4242n);
});

t.test(
  'LeaseGrant tries another id when the log had a lease under the same one first',
  async (t) => {
    const { rig, channel } = await serveApi(t);
    await channel.unary(LeaseGrant, { ID: 5n, TTL: 60 });
    const drawn = [5n, 6n];
    rig.prng.uint64 = () => drawn.shift()!;
    const lookup = rig.leases.lookup.bind(rig.leases);
    rig.leases.lookup = (id) => (id === 5n ? undefined : lookup(id));
    t.equal((await channel.unary(LeaseGrant, { TTL: 60 })).ID, 6n);
    t.strictSame(await failure(channel, LeaseGrant, { ID: 5n, TTL: 60 }), [
      9,
      'etcdserver: lease already exists',
    ]);
  },
);

t.test('LeaseTimeToLive, LeaseLeases and LeaseRevoke tell of a lease and its keys', async (t) => {
  const { rig, channel } = await serveApi(t);
  await channel.unary(LeaseGrant, { ID: 5n, TTL: 6000 });
  for (const key of ['z', 'a']) await channel.unary(KV.methods.Put, { key: b(key), lease: 5n });
  rig.barriers = 0;
  const alive = await channel.unary(LeaseTimeToLive, { ID: 5n, keys: true });
  t.equal(alive.grantedTTL, 6000);
  t.ok(alive.TTL >= 5000 && alive.TTL <= 6000, `TTL ${alive.TTL}`);
  t.strictSame(alive.keys.map(s), ['a', 'z']);
  t.strictSame((await channel.unary(LeaseTimeToLive, { ID: 5n })).keys, []);
  t.strictSame((await channel.unary(LeaseLeases, {})).leases, [{ ID: 5n }]);
  t.equal(rig.barriers, 3, 'each of them is as new as the quorum');
  const revoked = await channel.unary(LeaseRevoke, { ID: 5n });
  t.equal(revoked.header!.revision, 4, 'all keys go in one revision');
  const gone = await channel.unary(LeaseTimeToLive, { ID: 5n, keys: true });
  t.strictSame([gone.TTL, gone.grantedTTL, gone.ID], [-1, 0, 5n]);
});

t.test('LeaseKeepAlive answers in order, unknown leases with TTL 0', async (t) => {
  const { channel } = await serveApi(t);
  await channel.unary(LeaseGrant, { ID: 5n, TTL: 60 });
  const stream = channel.stream(LeaseKeepAlive);
  const asked: bigint[] = [];
  for (let i = 0; i < 600; i++) {
    const ID = i % 3 === 0 ? 5n : BigInt(1000 + i);
    asked.push(ID);
    if (!stream.send({ ID })) await stream.drained();
  }
  stream.end();
  const answers = [];
  for await (const answer of stream.responses) answers.push(answer);
  t.strictSame(
    answers.map((answer) => answer.ID),
    asked,
  );
  t.ok(answers.every((answer) => answer.TTL === (answer.ID === 5n ? 60 : 0)));
  t.ok(answers.every((answer) => answer.header!.revision === 1));
});

t.test('LeaseKeepAlive keeps the order whichever renewal is done first', async (t) => {
  const { rig, channel } = await serveApi(t);
  const gates = Array.from({ length: 5 }, () => deferred());
  rig.renew = async (id) => {
    await gates[Number(id)]!.promise;
    return 7;
  };
  const stream = channel.stream(LeaseKeepAlive);
  for (let i = 0; i < gates.length; i++) stream.send({ ID: BigInt(i) });
  stream.end();
  for (const gate of [...gates].reverse()) {
    gate.resolve();
    await channel.unary(LeaseLeases, {});
  }
  const ids: bigint[] = [];
  for await (const { ID } of stream.responses) ids.push(ID);
  t.strictSame(ids, [0n, 1n, 2n, 3n, 4n]);
});

t.test('LeaseKeepAlive renews together, and bounds how many', async (t) => {
  const { rig, channel } = await serveApi(t);
  const gate = deferred();
  let running = 0;
  let most = 0;
  rig.renew = async () => {
    running++;
    most = Math.max(most, running);
    await gate.promise;
    running--;
    return 7;
  };
  const stream = channel.stream(LeaseKeepAlive);
  for (let i = 0; i < 1000; i++) stream.send({ ID: 1n });
  stream.end();
  while (running < 256) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  t.equal(most, 256);
  gate.resolve();
  let count = 0;
  for await (const { TTL } of stream.responses) count += TTL;
  t.equal(count, 7000);
});

t.test(
  'LeaseKeepAlive ends with the first renewal that fails, also while no request comes',
  async (t) => {
    const { rig, channel, errors } = await serveApi(t);
    await channel.unary(LeaseGrant, { ID: 5n, TTL: 60 });
    const stream = channel.stream(LeaseKeepAlive);
    const responses = stream.responses[Symbol.asyncIterator]();
    stream.send({ ID: 5n });
    t.equal((await responses.next()).value.TTL, 60);
    rig.failure = new StoreError('timeout');
    stream.send({ ID: 5n });
    const result = await failureOf(responses.next());
    t.strictSame(result, [14, 'etcdserver: request timed out']);
    t.strictSame(errors, []);
  },
);
