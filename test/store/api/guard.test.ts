import t from 'tap';
import { memberId, noMember } from '../../../src/base/ids.js';
import { Cluster, KV, Lease, Maintenance, Watch } from '../../../src/wire/gen/etcdserverpb.js';
import { Health } from '../../../src/wire/gen/health.js';
import { MemberRecord } from '../../../src/wire/gen/store.js';
import { b, failure, failureOf } from './client.js';
import { serveApi } from './rig.js';

t.test('a learner serves status, stale reads and health, and nothing else', async (t) => {
  const { rig, channel } = await serveApi(t);
  const learner = MemberRecord.create({ id: memberId(rig.memberId), isLearner: true });
  rig.members.get = () => learner;
  const refused = [14, 'etcdserver: rpc not supported for learner'];
  const { Range, Put, Txn } = KV.methods;
  t.strictSame(await failure(channel, Range, { key: b('a') }), refused);
  t.strictSame(await failure(channel, Put, { key: b('a') }), refused);
  t.strictSame(await failure(channel, Txn, {}), refused);
  t.strictSame(await failure(channel, Cluster.methods.MemberList, {}), refused);
  t.strictSame(await failure(channel, Lease.methods.LeaseLeases, {}), refused);
  for (const method of [Watch.methods.Watch, Lease.methods.LeaseKeepAlive]) {
    const stream = channel.stream(method as typeof Watch.methods.Watch);
    t.strictSame(await failureOf(stream.responses[Symbol.asyncIterator]().next()), refused);
  }
  t.strictSame(await failure(channel, Range, { key: b('a'), serializable: true }), [0, 'ok']);
  t.equal((await channel.unary(Maintenance.methods.Status, {})).isLearner, true);
  t.strictSame(await failure(channel, Health.methods.Check, {}), [0, 'ok']);
});

t.test('hasleader turns a call away while there is no leader', async (t) => {
  const { rig, channel } = await serveApi(t);
  const metadata = { hasleader: 'true' };
  const stale = { key: b('a'), serializable: true };
  const { Range } = KV.methods;
  t.strictSame(await failure(channel, Range, stale, { metadata }), [0, 'ok']);
  rig.raftOverride = { leader: noMember, role: 'follower' };
  const noLeader = [14, 'etcdserver: no leader'];
  t.strictSame(await failure(channel, Range, stale, { metadata }), noLeader);
  t.strictSame(await failure(channel, Range, stale), [0, 'ok']);
  const stream = channel.stream(Watch.methods.Watch, { metadata });
  t.strictSame(await failureOf(stream.responses[Symbol.asyncIterator]().next()), noLeader);
});
