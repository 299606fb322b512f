import t from 'tap';
import { Cluster as ClusterService } from '../../src/wire/gen/etcdserverpb.js';
import { Cluster } from './cluster.js';
import { Member } from './member.js';
import { RawClient } from './raw-client.js';

/** A cluster of which one member is left. */

const { MemberList, MemberAdd } = ClusterService.methods;

t.test('--force-new-cluster goes on with one member, and grows again', async (t) => {
  const cluster = await Cluster.forTest(t, { kind: 'flotilla' });
  const [first] = cluster.members;
  const { spec } = first!;
  const client = new RawClient(first!.endpoint);
  t.teardown(() => client.close());
  for (let i = 0; i < 50; i++) await client.put(`k/${i}`, 'v');
  const before = await client.range('k/');
  await cluster.killAll();

  const forced = new Member({ ...spec, flags: [...spec.flags, '--force-new-cluster'] });
  t.teardown(() => forced.kill().then(() => {}));
  forced.start();
  await forced.ready();
  const { kvs } = await client.range('k/');
  t.same(kvs, before.kvs, 'nothing acknowledged is lost');
  t.equal((await client.put('k/after', 'v')).header?.revision, before.header!.revision + 1);
  const { members, header } = await client.call(MemberList, {});
  t.same(
    members.map(({ name }) => name),
    [spec.name],
  );
  t.equal(header?.clusterId, before.header?.clusterId, 'it is the same cluster');

  await forced.kill();
  first!.start();
  await first!.ready();
  t.equal((await client.range('k/')).count, 51, 'without the flag, it is still alone');
  t.equal((await client.call(MemberList, {})).members.length, 1);
  const [, second] = cluster.members;
  const added = await client.call(MemberAdd, { peerURLs: ['http://127.0.0.1:1'], isLearner: true });
  t.equal(added.members.length, 2, 'and takes others up');
  t.not(added.member?.ID, 0n);
  t.ok(second!.spec.name);
});

t.test('--force-new-cluster does nothing where there is no data yet', async (t) => {
  const flags = ['--force-new-cluster'];
  const cluster = await Cluster.forTest(t, { kind: 'flotilla', size: 1, flags });
  const client = new RawClient(cluster.member(0).endpoint);
  t.teardown(() => client.close());
  t.equal((await client.put('k', 'v')).header?.revision, 2);
});
