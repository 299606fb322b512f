import t from 'tap';
import { startTestEnv } from '../../../src/cmd/testenv/index.js';
import { resources } from '../../../src/control/client/index.js';
import { ElectionStoreError, LeaseObjectStore } from '../../../src/control/election/index.js';
import { ManualClock } from '../../store/manual-clock.js';

const env = await startTestEnv({ namespaceDeletion: false, garbageCollection: false });
t.teardown(() => env.close());

const call = { timeoutMs: 60_000 };
const leases = env.client.objects(resources.leases);
let names = 0;

/** Two candidates, each with a clock of its own. */
function candidates() {
  const name = `election-${++names}`;
  const make = (identity: string) => {
    const clock = new ManualClock();
    const options = { namespace: 'kube-system', name, identity, leaseSeconds: 15, retryMs: 2000 };
    const store = new LeaseObjectStore({ client: env.client, clock, ...options });
    const holder = async () => (await store.read('', call)).holder?.value ?? null;
    const claim = async () => await store.claim(null, call);
    return { clock, store, holder, claim, renew: () => store.renew(1n, call) };
  };
  return { place: { namespace: 'kube-system', name }, a: make('a'), b: make('b') };
}

t.test(
  'LeaseObjectStore: who claims holds it, and others may not have it while it is renewed',
  async (t) => {
    const { place, a, b } = candidates();
    t.equal(await a.holder(), null);
    t.equal(await b.holder(), null);
    t.equal(await a.claim(), 1);
    t.equal(await b.claim(), null, 'seen free, but another was faster');
    t.equal(await b.holder(), 'a');
    for (let i = 0; i < 4; i++) {
      for (const { clock } of [a, b]) clock.jump(14_000);
      t.equal(await a.renew(), true);
      t.equal(await b.holder(), 'a');
      t.equal(await b.claim(), null);
    }
    t.match((await leases.get(place)).spec, {
      ...{ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 },
    });
  },
);

t.test(
  'LeaseObjectStore: seen unchanged for its duration it is to be had; the old holder is told',
  async (t) => {
    const { place, a, b } = candidates();
    await a.holder();
    await a.claim();
    await b.holder();
    b.clock.jump(15_000);
    t.equal(await b.holder(), null);
    t.equal(await b.claim(), 2);
    t.equal(await a.renew(), false);
    t.match((await leases.get(place)).spec, { holderIdentity: 'b', leaseTransitions: 1 });
    await a.store.revoke(1n, call);
    t.equal((await leases.get(place)).spec?.holderIdentity, 'b', 'it is not a’s to release');
  },
);

t.test('LeaseObjectStore: released it is to be had at once', async (t) => {
  const { place, a, b } = candidates();
  await a.holder();
  await a.claim();
  t.equal(await b.holder(), 'a');
  const released = b.store.untilReleased('', 0, new AbortController().signal);
  await a.store.revoke(1n, call);
  t.match((await leases.get(place)).spec, { holderIdentity: '', leaseDurationSeconds: 1 });
  await b.clock.advance(2000);
  await released;
  t.equal(await b.claim(), 2);
});

t.test('LeaseObjectStore: of two that take it at once one gets it', async (t) => {
  for (const isThere of [false, true]) {
    const { place, a, b } = candidates();
    if (isThere)
      await leases.create({
        metadata: place,
        spec: { holderIdentity: 'gone', leaseDurationSeconds: 1 },
      });
    await Promise.all([a.holder(), b.holder()]);
    a.clock.jump(1000);
    b.clock.jump(1000);
    const claims = await Promise.all([a.claim(), b.claim()]);
    t.equal(claims.filter((each) => each !== null).length, 1, `there before: ${isThere}`);
  }
});

t.test(
  'LeaseObjectStore: goes on when somebody else writes to the Lease, or deletes it',
  async (t) => {
    const { place, a, b } = candidates();
    await a.holder();
    await a.claim();
    await leases.patch(place, 'merge', { metadata: { labels: { by: 'hand' } } });
    t.equal(await a.renew(), true);
    t.equal((await leases.get(place)).metadata.labels?.by, 'hand');
    await leases.delete(place);
    t.equal(await a.renew(), false);
    t.equal(await b.holder(), null);
  },
);

t.test('LeaseObjectStore: a claim whose answer was lost is made again', async (t) => {
  const { place, a } = candidates();
  await a.holder();
  await leases.create({ metadata: place, spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } });
  t.equal(await a.claim(), null, 'it is there already');
  t.equal(await a.holder(), null, 'its own is no other’s');
  t.equal(await a.claim(), 1);
});

t.test('LeaseObjectStore: what the API refuses is an error of the store', async (t) => {
  const store = new LeaseObjectStore({
    ...{ client: env.client, clock: new ManualClock(), identity: 'a', leaseSeconds: 15 },
    ...{ namespace: 'nosuch', name: 'x', retryMs: 2000 },
  });
  await store.read('', call);
  t.equal(await store.claim(null, call), null, 'there is no such namespace');
  const invalid = new LeaseObjectStore({
    ...{ client: env.client, clock: new ManualClock(), identity: 'a', leaseSeconds: -1 },
    ...{ namespace: 'default', name: 'x', retryMs: 2000 },
  });
  await invalid.read('', call);
  await t.rejects(invalid.claim(null, call), ElectionStoreError);
  const stop = AbortSignal.abort(new Error('enough'));
  await t.rejects(store.read('', { ...call, signal: stop }), /enough/);
});
