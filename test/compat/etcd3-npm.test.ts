import {
  Etcd3,
  EtcdLockFailedError,
  type IOptions,
  type IWatchResponse,
  type Watcher,
} from 'etcd3';
import t, { type Test } from 'tap';
import { until, within } from '../client/until.js';
import { Cluster } from '../e2e/cluster.js';
import { kindUnderTest } from '../e2e/kind.js';
import type { ServerKind } from '../e2e/member.js';
import { needs } from '../e2e/project.js';

/**
 * The npm client `etcd3`, which others wrote and many use, against our cluster. With FLOTILLA_E2E_KIND=etcd it runs against
 * etcd: what fails there too is the client's.
 */
const kinds: readonly ServerKind[] = [kindUnderTest()];

for (const kind of kinds) {
  t.test(`etcd3: works against ${kind}`, kind === 'etcd' ? needs('etcd') : {}, async (t) => {
    const cluster = await Cluster.forTest(t, { kind });
    const client = connectEtcd3(t, cluster);
    for (const [name, run] of Object.entries(conversations)) {
      await t.test(name, (t) => run(t, client, cluster));
    }
  });
}

type Conversation = (t: Test, client: Etcd3, cluster: Cluster) => Promise<void>;

const conversations: Readonly<Record<string, Conversation>> = {
  'put, get and delete': async (t, client) => {
    await client.put('kv/a').value('1');
    await client.put('kv/b').value(2);
    await client.put('kv/c').value(Buffer.from([0, 255]));
    t.equal(await client.get('kv/a').string(), '1');
    t.equal(await client.get('kv/b').number(), 2);
    t.same(await client.get('kv/c').buffer(), Buffer.from([0, 255]));
    t.equal(await client.get('kv/absent').string(), null);
    t.same(await client.getAll().prefix('kv/').keys(), ['kv/a', 'kv/b', 'kv/c']);
    t.equal(await client.getAll().prefix('kv/').count(), 3);
    t.same(await client.getAll().prefix('kv/').sort('Key', 'Descend').limit(1).keys(), ['kv/c']);
    t.same(await client.getAll().inRange({ start: 'kv/a', end: 'kv/c' }).strings(), {
      'kv/a': '1',
      'kv/b': '2',
    });
    const previous = await client.put('kv/a').value('3').getPrevious();
    t.equal(previous.value.toString(), '1');
    t.equal(await client.get('kv/a').revision(previous.mod_revision).string(), '1');
    const deleted = await client.delete().prefix('kv/').exec();
    t.equal(Number(deleted.deleted), 3);
  },

  'transactions: if, then, else': async (t, client) => {
    await client.put('txn/a').value('1');
    const taken = await client
      .if('txn/a', 'Value', '==', '1')
      .and('txn/b', 'Create', '==', 0)
      .then(client.put('txn/a').value('2'), client.get('txn/a'))
      .else(client.get('txn/a'))
      .commit();
    t.equal(taken.succeeded, true);
    t.equal(taken.responses[1]?.response_range?.kvs[0]?.value.toString(), '2');
    const refused = await client
      .if('txn/a', 'Version', '>', 7)
      .then(client.delete().key('txn/a'))
      .else(client.get('txn/a'), client.put('txn/b').value('else'))
      .commit();
    t.equal(refused.succeeded, false);
    t.equal(refused.responses[0]?.response_range?.kvs[0]?.value.toString(), '2');
    t.equal(await client.get('txn/b').string(), 'else');
  },

  'software transactions: concurrent increments all count': async (t, client) => {
    await client.put('stm/n').value(0);
    const increment = () =>
      client.stm({ retries: 50 }).transact(async (tx) => {
        const n = Number(await tx.get('stm/n').string());
        await tx.put('stm/n').value(n + 1);
      });
    await Promise.all(Array.from({ length: 8 }, increment));
    t.equal(await client.get('stm/n').number(), 8);
  },

  'leases: kept alive, revoked, lost': async (t, client) => {
    const lease = client.lease(5);
    await lease.put('lease/a').value('1');
    const renewed = await lease.keepaliveOnce();
    t.equal(Number(renewed.TTL), 5);
    let renewals = 0;
    lease.on('keepaliveSucceeded', () => {
      renewals++;
    });
    await until('the lease is kept alive by itself', () => renewals >= 4);
    t.equal(await client.get('lease/a').string(), '1', 'longer than its time to live');
    await lease.revoke();
    t.equal(await client.get('lease/a').string(), null);

    const unkept = client.lease(5, { autoKeepAlive: false });
    await unkept.put('lease/b').value('1');
    await until('the key goes with its lease', async () => (await client.get('lease/b')) === null);

    const lost = client.lease(60);
    const id = await lost.grant();
    const loss = new Promise((resolve) => lost.on('lost', resolve));
    await client.leaseClient.leaseRevoke({ ID: id });
    await lost.keepaliveOnce().catch(() => {}); // The client learns of the loss by asking.
    await within('the loss is reported', loss);
    t.equal(lost.revoked(), true);
    lost.release(); // Its timer would keep this process.
  },

  'watches: from a revision, over a prefix, with previous values': async (t, client) => {
    const { header } = await client.put('watch/a').value('1');
    await client.put('watch/b').value('1');
    await client.delete().key('watch/b');
    const watcher = await client
      .watch()
      .prefix('watch/')
      .withPreviousKV()
      .startRevision(header.revision)
      .create();
    const events = collect(watcher);
    await client.put('watch/a').value('2');
    await client.put('elsewhere').value('x');
    await client.put('watch/c').value('1');
    await until('five events', () => events.length >= 5);
    t.same(events, [
      'put watch/a=1',
      'put watch/b=1',
      'delete watch/b was 1',
      'put watch/a=2 was 1',
      'put watch/c=1',
    ]);
    await watcher.cancel();

    const deletes = await client.watch().prefix('watch/').only('delete').create();
    const deleted = collect(deletes);
    await client.put('watch/a').value('3');
    await client.delete().prefix('watch/');
    await until('two deletions', () => deleted.length >= 2);
    t.same(deleted, ['delete watch/a', 'delete watch/c']);
    await deletes.cancel();
  },

  'locks: one holder at a time': async (t, client) => {
    let inside = 0;
    let most = 0;
    const enter = async () => {
      inside++;
      most = Math.max(most, inside);
      await client.get('lock-guarded');
      inside--;
    };
    const attempt = async (): Promise<void> => {
      try {
        await client.lock('lock/x').ttl(60).do(enter);
      } catch (error) {
        if (!(error instanceof EtcdLockFailedError)) throw error;
        return attempt(); // This client does not wait for a lock, it fails.
      }
    };
    await within('all got the lock', Promise.all([1, 2, 3, 4].map(attempt)));
    t.equal(most, 1);
    t.equal(await client.getAll().prefix('lock/').count(), 0);
  },

  'elections: one leader, then the next': async (t, client) => {
    const election = client.election('office', 60);
    const first = election.campaign('first');
    await within('first is elected', first.wait());
    t.equal(await election.leader(), 'first');
    const observer = await election.observe();
    const second = election.campaign('second');
    let isSecondElected = false;
    second.on('elected', () => {
      isSecondElected = true;
    });
    await second.getCampaignKey();
    t.equal(isSecondElected, false);
    await first.resign();
    await within('second is elected', second.wait());
    await until('the observer knows', () => observer.leader() === 'second');
    await observer.cancel();
    await second.resign();
  },

  'a watch goes on when its member is killed': async (t, client, cluster) => {
    const { header } = await client.put('resume/0').value('0');
    // One member only, so that it is known whom the watch hangs on.
    const watching = connectEtcd3(t, cluster, [cluster.member(0).endpoint]);
    const watcher = await watching
      .watch()
      .prefix('resume/')
      .startRevision(header.revision)
      .create();
    const events = collect(watcher);
    await until('the first event', () => events.length === 1);
    let disconnects = 0;
    watcher.on('disconnected', () => {
      disconnects++;
    });
    await cluster.member(0).kill();
    await until('the watch is cut off', () => disconnects > 0);
    const writing = connectEtcd3(t, cluster, cluster.endpoints.slice(1));
    for (let n = 1; n <= 5; n++) {
      await until(`resume/${n} is written`, () =>
        writing
          .put(`resume/${n}`)
          .value(n)
          .then(
            () => true,
            () => false,
          ),
      );
    }
    cluster.member(0).start();
    await cluster.member(0).ready();
    await until('the watch has seen all', () => events.some((e) => e.startsWith('put resume/5')));
    const keys = events.map((event) => /resume\/\d/.exec(event)?.[0]);
    t.same(
      [...new Set(keys)],
      [0, 1, 2, 3, 4, 5].map((n) => `resume/${n}`),
      'nothing missed',
    );
    await watcher.cancel();
  },
};

function connectEtcd3(t: Test, cluster: Cluster, endpoints = cluster.endpoints): Etcd3 {
  const options: IOptions = { hosts: endpoints.map((endpoint) => `http://${endpoint}`) };
  const client = new Etcd3(options);
  t.teardown(() => client.close());
  return client;
}

/** What a watcher reports, one line an event, in order. */
function collect(watcher: Watcher): string[] {
  const events: string[] = [];
  watcher.on('data', (response: IWatchResponse) => {
    for (const { type, kv, prev_kv: previous } of response.events) {
      const isPut = (type as unknown) === 'Put' || Number(type) === 0;
      const value = isPut ? `=${kv.value.toString()}` : '';
      const before = previous ? ` was ${previous.value.toString()}` : '';
      events.push(`${isPut ? 'put' : 'delete'} ${kv.key.toString()}${value}${before}`);
    }
  });
  watcher.on('error', () => {});
  return events;
}
