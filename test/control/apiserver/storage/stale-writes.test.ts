import t, { type Test } from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { connect } from '../../../../src/client/index.js';
import { JsonBudget } from '../../../../src/control/apiserver/storage/json-budget.js';
import { LeasePool } from '../../../../src/control/apiserver/storage/lease-pool.js';
import { ObjectCodec } from '../../../../src/control/apiserver/storage/object-codec.js';
import { StoreReader } from '../../../../src/control/apiserver/storage/store-reader.js';
import { StoreTimer } from '../../../../src/control/apiserver/storage/store-timer.js';
import { StoreWriter } from '../../../../src/control/apiserver/storage/store-writer.js';
import type { StoredItem } from '../../../../src/control/apiserver/storage/stored-item.js';
import { identityTransformer } from '../../../../src/control/apiserver/storage/value-transformer.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { hostClock } from '../../../../src/host/clock.js';
import { serveApi } from '../../../store/api/rig.js';
import { thingKeys } from './item.js';
import { failureOf, type Thing, thing } from './things.js';

/** A writer whose cache says what the test wants, and one that asks the store. */
async function startWriters(t: Test) {
  const { endpoint, rig } = await serveApi(t);
  const client = connect({ endpoints: [endpoint], prng: new Prng(1) });
  t.teardown(() => client.close());
  const clock = hostClock;
  const resource = { group: 'test.dev', resource: 'things' };
  const decode = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as KubeObject;
  const codec = new ObjectCodec({
    settle: () => {},
    keys: thingKeys,
    decode,
    transformer: identityTransformer,
    budget: new JsonBudget(),
  });
  const timer = new StoreTimer(clock, resource, () => {});
  const reader = new StoreReader({ client, keys: thingKeys, codec, timer, resource });
  const leases = new LeasePool({ client, clock });
  const shared = { client, clock, keys: thingKeys, codec, reader, leases, timer, resource };
  const suggested: { item: StoredItem | undefined } = { item: undefined };
  const writer = new StoreWriter({ ...shared, suggest: () => suggested.item });
  const others = new StoreWriter({ ...shared, suggest: () => undefined });
  const first = await others.create(thing('a/x', { size: 1 }), { ttlSeconds: null });
  suggested.item = first;
  return { writer, others, rig, first, suggested, client };
}

const free = { preconditions: {}, mayCreate: false };

/** A change that sets the size, and remembers what it was shown. */
function resize(size: number, seen: unknown[] = []) {
  return async (current: KubeObject | undefined) => {
    seen.push((current as Thing | undefined)?.spec.size);
    return { object: { ...current!, spec: { size } } as Thing, ttlSeconds: null };
  };
}

t.test('StoreWriter: an update from a fresh cache is one request', async (t) => {
  const { writer, rig } = await startWriters(t);
  const before = [rig.proposed.length, rig.barriers];
  await writer.update('a', 'x', resize(2), free);
  t.same([rig.proposed.length, rig.barriers], [before[0]! + 1, before[1]]);
});

t.test('StoreWriter: an update from a stale cache is two', async (t) => {
  const { writer, others, rig } = await startWriters(t);
  await others.update('a', 'x', resize(5), free);
  const before = [rig.proposed.length, rig.barriers];
  const seen: unknown[] = [];
  const updated = await writer.update('a', 'x', resize(2, seen), free);
  t.same(seen, [1, 5]);
  t.same((updated.object as Thing).spec, { size: 2 });
  t.same([rig.proposed.length, rig.barriers], [before[0]! + 2, before[1]]);
});

t.test(
  'StoreWriter: a change that is none on a stale state is made on the fresh one',
  async (t) => {
    const { writer, others } = await startWriters(t);
    await others.update('a', 'x', resize(5), free);
    const seen: unknown[] = [];
    const updated = await writer.update('a', 'x', resize(1, seen), free);
    t.same(seen, [1, 5]);
    t.same((updated.object as Thing).spec, { size: 1 });
  },
);

t.test('StoreWriter: a change that is none is confirmed by a read, not written', async (t) => {
  const { writer, rig, first } = await startWriters(t);
  const before = [rig.proposed.length, rig.barriers];
  const updated = await writer.update('a', 'x', resize(1), free);
  t.equal(updated.revision, first.revision);
  t.same([rig.proposed.length, rig.barriers], [before[0], before[1]! + 1]);
});

t.test('StoreWriter: a refusal that rests on a stale state is asked for again', async (t) => {
  const { writer, others } = await startWriters(t);
  await others.update('a', 'x', resize(5), free);
  const updated = await writer.update(
    'a',
    'x',
    async (current) => {
      if ((current as Thing).spec.size === 1) throw new Error('too small');
      return await resize(6)(current);
    },
    free,
  );
  t.same((updated.object as Thing).spec, { size: 6 });
  const refused = writer.update('a', 'x', () => Promise.reject(new Error('never')), free);
  t.match(await failureOf(refused), { message: 'never' });
});

t.test('StoreWriter: preconditions are held against the fresh state', async (t) => {
  const { writer, others, first } = await startWriters(t);
  const { revision } = await others.update('a', 'x', resize(5), free);
  const at = (resourceVersion: number) => {
    return { preconditions: { resourceVersion: String(resourceVersion) }, mayCreate: false };
  };
  const stale = writer.update('a', 'x', resize(2), at(first.revision));
  t.match(await failureOf(stale), { status: { code: 409, reason: 'Conflict' } });
  await writer.update('a', 'x', resize(2), at(revision));
});

t.test('StoreWriter: what is gone is 404, whatever the cache says', async (t) => {
  const { writer, others } = await startWriters(t);
  const options = { preconditions: {}, check: async () => {} };
  await others.delete('a', 'x', options);
  t.match(await failureOf(writer.update('a', 'x', resize(1), free)), { status: { code: 404 } });
  t.match(await failureOf(writer.update('a', 'x', resize(2), free)), { status: { code: 404 } });
  t.match(await failureOf(writer.delete('a', 'x', options)), { status: { code: 404 } });
});

t.test('StoreWriter: a deletion from a stale cache asks its check again', async (t) => {
  const { writer, others } = await startWriters(t);
  await others.update('a', 'x', resize(5), free);
  const seen: unknown[] = [];
  const check = async (current: KubeObject) => {
    const { size } = (current as Thing).spec;
    seen.push(size);
    if (size === 1) throw new Error('too small');
  };
  const deleted = await writer.delete('a', 'x', { preconditions: {}, check });
  t.same(seen, [1, 5]);
  t.same((deleted.object as Thing).spec, { size: 5 });
});

t.test('StoreWriter: who creates what somebody cannot read is told that it is there', async (t) => {
  const { writer, client } = await startWriters(t);
  await client.kv.put('/registry/things/a/bad', 'no JSON');
  const creating = writer.create(thing('a/bad'), { ttlSeconds: null });
  t.match(await failureOf(creating), { status: { code: 409, reason: 'AlreadyExists' } });
});
