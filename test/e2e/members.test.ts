import { join } from 'node:path';
import t from 'tap';
import { Cluster as ClusterService } from '../../src/wire/index.js';
import { until } from '../client/until.js';
import { Cluster, staticFlags } from './cluster.js';
import { Member } from './member.js';
import { freePorts } from './ports.js';
import { errorOf, patiently, RawClient } from './raw-client.js';

/** Changes of membership that are asked for at a member that does not lead. */

const { MemberAdd, MemberList, MemberPromote, MemberUpdate } = ClusterService.methods;
const notReady = {
  code: 9,
  details: 'etcdserver: can only promote a learner member which is in sync with leader',
};

t.test('flotilla store: a follower promotes a learner once it has caught up', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla' });
  const { leader, follower, clients } = await roles(cluster);
  t.teardown(() => clients.forEach((client) => void client.close()));
  for (let n = 0; n < 100; n++) await patiently(() => follower.put(`k/${n}`, 'v'));

  const [clientPort, peerPort] = await freePorts(2);
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const { member } = await follower.call(MemberAdd, { peerURLs: [peerUrl], isLearner: true });
  const promotion = { ID: member!.ID };
  for (const client of [follower, leader]) {
    const refusal = await client.call(MemberPromote, promotion).catch(errorOf);
    t.same(refusal, notReady, 'it has not even started');
  }

  const clientUrl = `http://127.0.0.1:${clientPort}`;
  const { dataDir } = cluster.member(0).spec;
  const base = { name: 'm3', clientUrl, peerUrl, dataDir: join(dataDir, '..', 'm3') };
  const all = [...cluster.members.map(({ spec }) => spec), base];
  const initialCluster = all.map(({ name, peerUrl: url }) => `${name}=${url}`).join(',');
  const flags = [...staticFlags({ ...base, initialCluster }), '--initial-cluster-state=existing'];
  const learner = new Member({ ...base, kind: 'flotilla', flags });
  t.teardown(async () => {
    await learner.kill();
  });
  learner.start();
  const promoted = await until('the learner is promoted', () =>
    follower.call(MemberPromote, promotion).catch((error: unknown) => {
      t.same(errorOf(error), notReady, 'nothing else is held against it');
      return undefined;
    }),
  );
  t.equal(promoted.members.find(({ ID }) => ID === promotion.ID)?.isLearner, false);
  t.same(
    errorOf(await follower.call(MemberPromote, promotion).catch((error: unknown) => error)),
    { code: 9, details: 'etcdserver: can only promote a learner member' },
    'once only',
  );
  await learner.ready();
  const renewed = new RawClient(learner.endpoint);
  t.teardown(() => renewed.close());
  t.equal((await patiently(() => renewed.range('k/'))).count, 100, 'it serves linearizable reads');
});

t.test('flotilla store: a member moves to another peer URL and is found there', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla' });
  const { follower, clients, mover } = await roles(cluster);
  t.teardown(() => clients.forEach((client) => void client.close()));
  const ask = () => follower.call(MemberList, { linearizable: true });
  const { members } = await patiently(ask);
  const id = members.find(({ name }) => name === mover.spec.name)!.ID;

  const taken = {
    ID: id,
    peerURLs: [cluster.members.find((each) => each !== mover)!.spec.peerUrl],
  };
  t.same(await follower.call(MemberUpdate, taken).catch(errorOf), {
    code: 9,
    details: 'etcdserver: Peer URLs already exists',
  });
  const [port] = await freePorts(1);
  const peerUrl = `http://127.0.0.1:${port}`;
  const updated = await follower.call(MemberUpdate, { ID: id, peerURLs: [peerUrl] });
  t.same(updated.members.find(({ ID }) => ID === id)?.peerURLs, [peerUrl]);

  await mover.kill();
  for (let n = 0; n < 100; n++) await patiently(() => follower.put(`k/${n}`, 'v'));
  const flags = mover.spec.flags.map((flag) => flag.replaceAll(mover.spec.peerUrl, peerUrl));
  flags.push('--initial-cluster-state=existing');
  const moved = new Member({ ...mover.spec, peerUrl, flags });
  t.teardown(async () => {
    await moved.kill();
  });
  moved.start();
  await moved.ready();
  const client = new RawClient(moved.endpoint);
  t.teardown(() => client.close());
  t.equal((await patiently(() => client.range('k/'))).count, 100);
  for (const member of [moved, ...cluster.members.filter((each) => each !== mover)]) {
    const reader = new RawClient(member.endpoint);
    t.teardown(() => reader.close());
    const list = await patiently(() => reader.call(MemberList, { linearizable: true }));
    t.same(list.members.find(({ ID }) => ID === id)?.peerURLs, [peerUrl], member.spec.name);
  }

  const others = cluster.members.filter((each) => each !== mover);
  await others[0]!.kill();
  const last = new RawClient(others[1]!.endpoint);
  t.teardown(() => last.close());
  await until('the moved member makes up a quorum with one other', () =>
    last.put('after', 'x').catch(() => undefined),
  );
});

/** Clients of the leader and of a follower, and a member that is the other follower. */
async function roles(cluster: Cluster): Promise<{
  readonly leader: RawClient;
  readonly follower: RawClient;
  readonly mover: Member;
  readonly clients: readonly RawClient[];
}> {
  const clients = cluster.endpoints.map((endpoint) => new RawClient(endpoint));
  const leader = await until('a leader is known', async () => (await clients[0]!.status()).leader);
  const ids = await Promise.all(
    clients.map(async (client) => (await client.status()).header?.memberId),
  );
  const leads = ids.indexOf(leader);
  const at = (offset: number) => (leads + offset) % clients.length;
  return {
    leader: clients[leads]!,
    follower: clients[at(1)]!,
    mover: cluster.member(at(2)),
    clients,
  };
}
