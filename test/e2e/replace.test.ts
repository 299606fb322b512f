import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Cluster as ClusterService, type Member as MemberMessage } from '../../src/wire/index.js';
import { until, within } from '../client/until.js';
import { Cluster } from './cluster.js';
import { Member } from './member.js';
import { patiently, RawClient } from './raw-client.js';

/** What docs/operations.md says to do when a member's data is gone or damaged. */

t.test(
  'flotilla store: a damaged log is refused, and the member comes back with an empty directory',
  async (t) => {
    const cluster = await Cluster.forTest(t, { kind: 'flotilla' });
    const client = new RawClient(cluster.member(0).endpoint);
    t.teardown(() => client.close());
    for (let n = 0; n < 200; n++) await patiently(() => client.put(`k/${n}`, 'v'.repeat(500)));
    const damaged = cluster.member(2);
    const id = await idOf(client, damaged.spec.name);

    await damaged.kill();
    await flipByte(join(damaged.spec.dataDir, 'wal'), 20_000);
    damaged.start();
    t.same(await damaged.exit, { code: 1, signal: null }, 'it does not start on damaged data');
    t.match(damaged.log.slice(-3).join('\n'), /corrupt|damaged/i);
    await patiently(() => client.put('meanwhile', 'the others serve'));

    const { MemberRemove, MemberAdd } = ClusterService.methods;
    await untilMember('the member is removed', client, {
      ask: () => client.call(MemberRemove, { ID: id }),
      find: (members) => members.every(({ ID }) => ID !== id),
    });
    await rm(damaged.spec.dataDir, { recursive: true });
    const peerURLs = [damaged.spec.peerUrl];
    const added = await untilMember('it is added', client, {
      ask: () => client.call(MemberAdd, { peerURLs }),
      find: (members) => members.find(({ peerURLs: [url] }) => url === damaged.spec.peerUrl),
    });
    t.not(added.ID, id, 'under a new id');

    const flags = [...damaged.spec.flags, '--initial-cluster-state=existing'];
    const renewed = new Member({ ...damaged.spec, flags });
    t.teardown(() => renewed.kill());
    renewed.start();
    await renewed.ready();
    await sameEverywhere(t, cluster);

    await renewed.kill();
    renewed.start();
    await renewed.ready();
    await patiently(() => client.put('again', 'x'));
    await sameEverywhere(t, cluster);
  },
);

t.test('flotilla store: a lost database is rebuilt from the log or from a peer', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla' });
  const client = new RawClient(cluster.member(0).endpoint);
  t.teardown(() => client.close());
  for (let n = 0; n < 200; n++) await patiently(() => client.put(`k/${n}`, 'v'));
  const member = cluster.member(2);
  await member.kill();
  await rm(join(member.spec.dataDir, 'db'), { recursive: true });
  member.start();
  await member.ready();
  await sameEverywhere(t, cluster);
});

t.test(
  'flotilla store: a member that was away for long comes back through a snapshot',
  async (t) => {
    const flags = ['--snapshot-count=100'];
    const cluster = await Cluster.forTest(t, { kind: 'flotilla', flags });
    const client = new RawClient(cluster.member(0).endpoint);
    t.teardown(() => client.close());
    const away = cluster.member(2);
    await away.kill();
    const value = 'v'.repeat(20_000);
    // Far more than is kept for those who lag: the state is on disk, and the log cut behind it, before the member is back.
    for (let round = 0; round < 28; round++) {
      const put = (n: number) => patiently(() => client.put(`k/${n}`, value));
      const batch = Array.from({ length: 200 }, (_, n) => put(n));
      await Promise.all(batch);
    }
    away.start();
    await away.ready();
    await sameEverywhere(t, cluster);
    t.match(away.log.join('\n'), /restored the state from a snapshot/);
  },
);

t.test('flotilla store: a member that was removed stops, and stays out', async (t) => {
  for (const isDown of [false, true]) {
    await t.test(isDown ? 'removed while it was down' : 'removed while it ran', async (t) => {
      const cluster = await Cluster.forTest(t, { kind: 'flotilla' });
      const client = new RawClient(cluster.member(0).endpoint);
      t.teardown(() => client.close());
      await patiently(() => client.put('a', '1'));
      const removed = cluster.member(2);
      const id = await idOf(client, removed.spec.name);
      if (isDown) await removed.kill();
      await untilMember('the member is removed', client, {
        ask: () => client.call(ClusterService.methods.MemberRemove, { ID: id }),
        find: (members) => members.every(({ ID }) => ID !== id),
      });
      if (isDown) removed.start();
      await within('the member hears of it and ends by itself', removed.exit);
      t.match(removed.log.slice(-5).join('\n'), /removed/);
      await patiently(() => client.put('a', '2'));
      removed.start();
      await within('started again, it ends again', removed.exit);
      t.match(removed.log.slice(-5).join('\n'), /removed/);
    });
  }
});

async function idOf(client: RawClient, name: string): Promise<bigint> {
  const { members } = await client.call(ClusterService.methods.MemberList, {});
  const member = members.find((each) => each.name === name);
  if (member === undefined) throw new Error(`no member ${name}`);
  return member.ID;
}

/**
 * Asks for a change of membership until it is found among the members: right after a member went it may be refused as unsafe for a
 * moment, and one whose answer did not come may have been made.
 */
function untilMember<T>(
  what: string,
  client: RawClient,
  change: {
    readonly ask: () => Promise<unknown>;
    readonly find: (members: readonly MemberMessage[]) => T;
  },
): Promise<NonNullable<T>> {
  return until<T | undefined>(what, async () => {
    await change.ask().catch(() => undefined);
    const list = client.call(ClusterService.methods.MemberList, { linearizable: true });
    return list.then(
      ({ members }) => change.find(members),
      () => undefined,
    );
  }) as Promise<NonNullable<T>>;
}

async function flipByte(walDir: string, offset: number): Promise<void> {
  const [segment] = (await readdir(walDir)).filter((name) => name.startsWith('wal-')).sort();
  const file = await open(join(walDir, segment ?? ''), 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 0x10;
  await file.write(byte, 0, 1, offset);
  await file.close();
}

async function sameEverywhere(t: Test, cluster: Cluster): Promise<void> {
  const clients = cluster.endpoints.map((endpoint) => new RawClient(endpoint));
  try {
    const revision = (await patiently(() => clients[0]!.range('k/'))).header?.revision ?? 0;
    await until('all members are as far', async () => {
      const statuses = await Promise.all(clients.map((client) => client.status()));
      return statuses.every(({ header }) => (header?.revision ?? 0) >= revision);
    });
    const hashes = await Promise.all(clients.map((client) => client.hashKv(revision)));
    t.equal(new Set(hashes.map(({ hash }) => hash)).size, 1, 'all members hold the same');
    t.equal((await patiently(() => clients[2]!.range('k/'))).count, 200);
  } finally {
    for (const client of clients) client.close();
  }
}
