import t, { type Test } from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { connect } from '../../../src/client/index.js';
import {
  clientElectionStore,
  ElectionStoreError,
  electionKey,
  LeaderElection,
  type Leadership,
} from '../../../src/control/election/index.js';
import { hostClock } from '../../../src/host/clock.js';
import { until, within } from '../../client/until.js';
import {
  patientClient,
  type StoreKind,
  skipReason,
  startStore,
} from '../apiserver/storage/store-rig.js';

const call = { timeoutMs: 60_000 };
let keys = 0;

for (const kind of ['flotilla', 'etcd'] as const satisfies readonly StoreKind[]) {
  t.test(kind, { skip: skipReason(kind) }, async (t) => {
    const endpoint = await startStore(t, kind);
    const client = patientClient(endpoint);
    t.teardown(() => client.close());
    const store = clientElectionStore(client);

    t.test(
      'claim: the first gets the key, asking again changes nothing, others do not',
      async (t) => {
        const key = electionKey('test', `claim-${++keys}`);
        t.same((await store.read(key, call)).holder, null);
        const lease = await store.grant(60, call);
        const other = await store.grant(60, call);
        const revision = await store.claim({ key, value: 'a', lease }, call);
        t.ok(revision !== null && revision > 1);
        t.equal(await store.claim({ key, value: 'a', lease }, call), revision);
        t.equal(await store.claim({ key, value: 'b', lease: other }, call), null);
        t.same((await store.read(key, call)).holder, { value: 'a', createRevision: revision });
        t.equal(await store.renew(lease, call), true);
        await store.revoke(lease, call);
        await store.revoke(lease, call);
        t.equal(await store.renew(lease, call), false);
        t.same((await store.read(key, call)).holder, null);
        t.ok((await store.claim({ key, value: 'b', lease: other }, call))! > revision!);
        await t.rejects(
          store.claim({ key, value: 'a', lease }, call).then(throwIfWon),
          ElectionStoreError,
        );
      },
    );

    t.test('untilReleased: resolves when the key goes, whenever that was', async (t) => {
      const key = electionKey('test', `released-${++keys}`);
      const lease = await store.grant(60, call);
      await store.claim({ key, value: 'a', lease }, call);
      const { revision } = await store.read(key, call);
      const stop = new AbortController();
      t.teardown(() => stop.abort());
      const released = store.untilReleased(key, revision, stop.signal);
      await store.revoke(lease, call);
      await within('the release', released);
      await within('the release that was', store.untilReleased(key, revision, stop.signal));
    });

    t.test('untilReleased: rejects with the reason of its signal', async (t) => {
      const stop = new AbortController();
      const waiting = store.untilReleased('nobody', 1, stop.signal);
      const reason = new Error('enough');
      stop.abort(reason);
      t.equal(await waiting.catch((error: unknown) => error), reason);
    });

    t.test(
      'an election hands over when its leader stops, and when it loses its lease',
      async (t) => {
        const name = `hand-over-${++keys}`;
        const first = candidate(t, 'first');
        await first.leads;
        const second = candidate(t, 'second');
        first.stop();
        t.equal(await first.outcome, 'stopped');
        const { fence } = await second.leads;
        const { kvs } = await client.kv.range(fence.key);
        await client.lease.revoke(kvs[0]!.lease);
        t.equal(await within('the loss', second.outcome), 'lost');

        function candidate(t: Test, identity: string) {
          const stop = new AbortController();
          t.teardown(() => stop.abort());
          const election = new LeaderElection({
            ...{ store, clock: hostClock, prng: new Prng(1), logger: silentLogger },
            ...{ namespace: 'test', name, identity },
            // A machine that stands still for a while loses no leadership; a release that is lost costs a lease.
            ...{ leaseSeconds: 20, renewDeadlineMs: 15_000, retryMs: 200 },
          });
          let led: Leadership | null = null;
          const outcome = election.run(async (leadership) => {
            led = leadership;
            await new Promise<void>((resolve) => {
              leadership.signal.addEventListener('abort', () => resolve());
            });
          }, stop.signal);
          const leads = until(`${identity} leads`, () => led);
          return { stop: () => stop.abort(), outcome, leads };
        }
      },
    );
  });
}

t.test('an election: a store that is not there does not keep it from stopping', async (t) => {
  const client = connect({ endpoints: ['127.0.0.1:1'] });
  t.teardown(() => client.close());
  const stop = new AbortController();
  const election = new LeaderElection({
    ...{ store: clientElectionStore(client), clock: hostClock },
    ...{ prng: new Prng(1), logger: silentLogger },
    ...{ namespace: 'test', name: 'nobody', identity: 'a' },
    ...{ leaseSeconds: 15, renewDeadlineMs: 10_000, retryMs: 50 },
  });
  const outcome = election.run(async () => {
    t.fail('nobody can lead');
  }, stop.signal);
  hostClock.setTimer(200, () => stop.abort());
  t.equal(await within('the end', outcome), 'stopped');
});

function throwIfWon(revision: number | null): void {
  if (revision === null) throw new ElectionStoreError('another holds the key');
}
