import t from 'tap';
import type { Channel } from '../../../src/rpc/service.js';
import { KV, Lease } from '../../../src/wire/gen/etcdserverpb.js';
import { Election } from '../../../src/wire/gen/v3electionpb.js';
import { Lock } from '../../../src/wire/gen/v3lockpb.js';
import { eventually } from '../../rpc/support.js';
import { b, failure, s } from './client.js';
import { serveApi } from './rig.js';

const { Campaign, Leader, Observe, Proclaim, Resign } = Election.methods;

async function grant(channel: Channel, ID: bigint): Promise<void> {
  await channel.unary(Lease.methods.LeaseGrant, { ID, TTL: 60 });
}

/** Keys that begin with the prefix, oldest first. */
async function keys(channel: Channel, prefix: string): Promise<string[]> {
  const rangeEnd = b(`${prefix.slice(0, -1)}0`);
  const { kvs } = await channel.unary(KV.methods.Range, {
    key: b(prefix),
    rangeEnd,
    sortTarget: 2,
    sortOrder: 1,
  });
  return kvs.map((kv) => s(kv.key));
}

t.test('Lock serves its callers one after the other, in the order they came', async (t) => {
  const { channel, errors } = await serveApi(t);
  const order: string[] = [];
  const calls: Promise<void>[] = [];
  for (const lease of [11n, 12n, 13n]) {
    await grant(channel, lease);
    const lock = channel.unary(Lock.methods.Lock, { name: b('m'), lease });
    calls.push(lock.then(({ key }) => void order.push(s(key))));
    const key = `m/${lease.toString(16)}`;
    await eventually(async () => (await keys(channel, 'm/')).includes(key), `${key} waits`);
  }
  await calls[0];
  t.strictSame(order, ['m/b'], 'the first has it, the others wait');
  await channel.unary(Lock.methods.Unlock, { key: b('m/b') });
  await calls[1];
  t.strictSame(order, ['m/b', 'm/c']);
  await channel.unary(Lease.methods.LeaseRevoke, { ID: 12n });
  await calls[2];
  t.strictSame(order, ['m/b', 'm/c', 'm/d'], 'a lease that ends gives the lock away');
  t.strictSame(errors, []);
});

t.test('Lock again under the same lease is granted at once', async (t) => {
  const { channel } = await serveApi(t);
  await grant(channel, 11n);
  const first = await channel.unary(Lock.methods.Lock, { name: b('m'), lease: 11n });
  const second = await channel.unary(Lock.methods.Lock, { name: b('m'), lease: 11n });
  t.strictSame(second.key, first.key);
});

t.test('Lock without a lease makes one, and refuses one that does not exist', async (t) => {
  const { channel } = await serveApi(t);
  const { key } = await channel.unary(Lock.methods.Lock, { name: b('m') });
  const { leases } = await channel.unary(Lease.methods.LeaseLeases, {});
  t.equal(s(key), `m/${leases[0]!.ID.toString(16)}`);
  t.strictSame(await failure(channel, Lock.methods.Lock, { name: b('n'), lease: 99n }), [
    5,
    'etcdserver: requested lease not found',
  ]);
});

t.test('a caller that gives up waiting for a lock leaves the queue', async (t) => {
  const { channel, errors } = await serveApi(t);
  for (const lease of [11n, 12n]) await grant(channel, lease);
  await channel.unary(Lock.methods.Lock, { name: b('m'), lease: 11n });
  const abort = new AbortController();
  const waiting = failure(
    channel,
    Lock.methods.Lock,
    { name: b('m'), lease: 12n },
    { signal: abort.signal },
  );
  await eventually(async () => (await keys(channel, 'm/')).length === 2, 'it waits');
  abort.abort();
  t.equal((await waiting)[0], 1);
  await eventually(async () => (await keys(channel, 'm/')).length === 1, 'its key is gone');
  t.strictSame(errors, []);
});

t.test('Lock tells a caller whose lease ended while it waited', async (t) => {
  const { channel } = await serveApi(t);
  for (const lease of [11n, 12n]) await grant(channel, lease);
  await channel.unary(Lock.methods.Lock, { name: b('m'), lease: 11n });
  const waiting = failure(channel, Lock.methods.Lock, { name: b('m'), lease: 12n });
  await eventually(async () => (await keys(channel, 'm/')).length === 2, 'it waits');
  await channel.unary(Lease.methods.LeaseRevoke, { ID: 12n });
  await channel.unary(Lock.methods.Unlock, { key: b('m/b') });
  t.strictSame(await waiting, [2, 'mutex: session is expired']);
});

t.test('Campaign, Proclaim, Observe and Resign make up an election', async (t) => {
  const { channel, errors } = await serveApi(t);
  for (const lease of [11n, 12n]) await grant(channel, lease);
  const name = b('e');
  t.strictSame(await failure(channel, Leader, { name }), [2, 'election: no leader']);
  const observer = channel.stream(Observe);
  observer.send({ name });
  const observed = observer.responses[Symbol.asyncIterator]();
  const next = async () => s((await observed.next()).value.kv.value);
  const first = await channel.unary(Campaign, { name, lease: 11n, value: b('one') });
  t.strictSame([s(first.leader!.key), first.leader!.lease], ['e/b', 11n]);
  t.equal(await next(), 'one');
  const again = await channel.unary(Campaign, { name, lease: 11n, value: b('one') });
  t.equal(again.header!.revision, first.leader!.rev, 'the same value is not written again');
  t.equal(again.leader!.rev, first.leader!.rev);
  const second = channel.unary(Campaign, { name, lease: 12n, value: b('two') });
  await eventually(async () => (await keys(channel, 'e/')).length === 2, 'the second waits');
  t.equal(s((await channel.unary(Leader, { name })).kv!.value), 'one');
  await channel.unary(Proclaim, { leader: first.leader, value: b('one, again') });
  t.equal(await next(), 'one, again');
  await channel.unary(Resign, { leader: first.leader });
  const { leader } = await second;
  t.equal(await next(), 'two');
  const late = { leader: first.leader, value: b('late') };
  t.strictSame(await failure(channel, Proclaim, late), [2, 'election: not leader']);
  const none = [2, '"leader" field must be provided'];
  t.strictSame(await failure(channel, Proclaim, {}), none);
  t.strictSame(await failure(channel, Resign, {}), none);
  await channel.unary(Resign, { leader });
  t.strictSame(await failure(channel, Leader, { name }), [2, 'election: no leader']);
  observer.cancel();
  t.strictSame(errors, []);
});
