import t from 'tap';
import { memberId } from '../../../src/base/ids.js';
import type { CoreStatus } from '../../../src/raft/core/types.js';
import { CommandKind } from '../../../src/store/contracts.js';
import { Cluster } from '../../../src/wire/gen/etcdserverpb.js';
import { MemberPublish } from '../../../src/wire/gen/store.js';
import { failure } from './client.js';
import { type ApiRig, serveApi } from './rig.js';

const { MemberAdd, MemberList, MemberPromote, MemberRemove, MemberUpdate } = Cluster.methods;
const badUrls = [3, 'etcdserver: given member URLs are invalid'];
const notFound = [5, 'etcdserver: member not found'];
const notStarted = [9, 'etcdserver: re-configuration failed due to not enough started members'];
const unhealthy = [14, 'etcdserver: unhealthy cluster'];
const notReady = [9, 'etcdserver: can only promote a learner member which is in sync with leader'];

/** The member starts: it publishes its name. */
async function publish(rig: ApiRig, id: bigint, name: string): Promise<void> {
  const payload = MemberPublish.encode({ id, name, clientUrls: [`http://${name}:2379`] });
  await rig.propose(CommandKind.memberPublish, payload);
}

type Progress = CoreStatus['progress'] extends ReadonlyMap<infer _Id, infer P> ? P : never;

function progressOf(
  entries: readonly (readonly [bigint, Partial<Progress>])[],
): CoreStatus['progress'] {
  const base = {
    match: 0,
    next: 1,
    state: 'replicate',
    recentlyActive: true,
    isLearner: false,
  } as const;
  return new Map(entries.map(([id, fields]) => [memberId(id), { ...base, ...fields }]));
}

t.test('MemberList names the members, and no revision', async (t) => {
  const { rig, channel } = await serveApi(t);
  const { header, members } = await channel.unary(MemberList, {});
  t.strictSame([header!.revision, header!.memberId], [0, rig.memberId]);
  t.equal(rig.barriers, 0);
  t.strictSame(members, [
    {
      ID: rig.memberId,
      name: 'one',
      peerURLs: ['http://one:2380'],
      clientURLs: [],
      isLearner: false,
    },
  ]);
  await channel.unary(MemberList, { linearizable: true });
  t.equal(rig.barriers, 1);
});

t.test('MemberAdd refuses bad and taken URLs', async (t) => {
  const { channel } = await serveApi(t);
  const urls: readonly (readonly [string[], readonly [number, string]])[] = [
    [[], badUrls as [number, string]],
    [['bad'], badUrls as [number, string]],
    [['http://x'], badUrls as [number, string]],
    [['http://127.0.0.1:1/path'], badUrls as [number, string]],
    [['ftp://127.0.0.1:1'], badUrls as [number, string]],
    [['http://one:2380'], [9, 'etcdserver: Peer URLs already exists']],
    [[' http://one:2380 '], [9, 'etcdserver: Peer URLs already exists']],
  ];
  for (const [peerURLs, expected] of urls) {
    t.strictSame(
      await failure(channel, MemberAdd, { peerURLs }),
      expected,
      JSON.stringify(peerURLs),
    );
  }
});

t.test('MemberAdd, MemberPromote and MemberRemove change the membership', async (t) => {
  const { rig, channel } = await serveApi(t);
  const added = await channel.unary(MemberAdd, { peerURLs: ['http://two:2380'], isLearner: true });
  const id = added.member!.ID;
  t.equal(added.header!.revision, 0);
  t.strictSame([added.member!.isLearner, added.members.length], [true, 2]);
  t.strictSame(rig.store.conf.learners, [id]);
  const another = { peerURLs: ['http://three:2380'], isLearner: true };
  t.strictSame(await failure(channel, MemberAdd, another), [
    9,
    'etcdserver: too many learner members in cluster',
  ]);
  rig.raftOverride = { progress: progressOf([[id, { match: 0, isLearner: true }]]) };
  t.strictSame(await failure(channel, MemberPromote, { ID: id }), notReady);
  rig.raftOverride = {
    lastIndex: 100,
    progress: progressOf([[id, { match: 89, isLearner: true }]]),
  };
  t.strictSame(await failure(channel, MemberPromote, { ID: id }), notReady);
  rig.raftOverride = {
    role: 'follower',
    lastIndex: 100,
    progress: progressOf([[id, { match: 90, isLearner: true }]]),
  };
  const promoted = await channel.unary(MemberPromote, { ID: id });
  t.strictSame(
    promoted.members.map((member) => member.isLearner),
    [false, false],
  );
  t.equal(rig.store.conf.voters.length, 2);
  t.strictSame(await failure(channel, MemberPromote, { ID: id }), [
    9,
    'etcdserver: can only promote a learner member',
  ]);
  const removed = await channel.unary(MemberRemove, { ID: id });
  t.strictSame(
    removed.members.map((member) => member.name),
    ['one'],
  );
  for (const method of [MemberRemove, MemberPromote]) {
    t.strictSame(await failure(channel, method, { ID: id }), notFound);
  }
});

t.test('MemberUpdate replaces the peer URLs of a member, once they are checked', async (t) => {
  const { rig, channel } = await serveApi(t);
  const peerURLs = ['http://new:2380'];
  t.strictSame(await failure(channel, MemberUpdate, { ID: 5n, peerURLs }), notFound);
  t.strictSame(
    await failure(channel, MemberUpdate, { ID: rig.memberId, peerURLs: ['x'] }),
    badUrls,
  );
  const two = (await channel.unary(MemberAdd, { peerURLs: ['http://two:2380'] })).member!.ID;
  t.strictSame(await failure(channel, MemberUpdate, { ID: two, peerURLs: ['http://one:2380'] }), [
    9,
    'etcdserver: Peer URLs already exists',
  ]);
  t.strictSame(rig.proposed, [], 'none of these was proposed');
  const { header, members } = await channel.unary(MemberUpdate, { ID: two, peerURLs });
  t.equal(header!.revision, 0);
  t.strictSame(members.find(({ ID }) => ID === two)?.peerURLs, peerURLs);
  t.strictSame(rig.members.get(memberId(two))?.peerUrls, peerURLs);
  const same = await channel.unary(MemberUpdate, { ID: two, peerURLs });
  t.strictSame(same.members, members, 'its own URLs are no obstacle');
  await channel.unary(MemberRemove, { ID: two });
  t.strictSame(await failure(channel, MemberUpdate, { ID: two, peerURLs }), notFound);
});

t.test('strict reconfiguration protects the quorum of started and connected members', async (t) => {
  const { rig, channel } = await serveApi(t);
  t.strictSame(await failure(channel, MemberRemove, { ID: rig.memberId }), notStarted, 'the last');
  const two = (await channel.unary(MemberAdd, { peerURLs: ['http://two:2380'] })).member!.ID;
  const three = { peerURLs: ['http://three:2380'] };
  rig.raftOverride = { progress: progressOf([[two, {}]]) };
  t.strictSame(await failure(channel, MemberAdd, three), notStarted, 'one of two has started');
  rig.limits.strictReconfigCheck = false;
  const loose = (await channel.unary(MemberAdd, three)).member!.ID;
  await channel.unary(MemberRemove, { ID: loose });
  rig.limits.strictReconfigCheck = true;
  await publish(rig, two, 'two');
  rig.raftOverride = { progress: progressOf([[two, { recentlyActive: false }]]) };
  const five = { peerURLs: ['http://five:2380'] };
  t.strictSame(await failure(channel, MemberAdd, five), unhealthy, 'one of two is away');
  rig.raftOverride = { progress: progressOf([[two, {}]]) };
  const third = (await channel.unary(MemberAdd, { peerURLs: ['http://four:2380'] })).member!.ID;
  await publish(rig, third, 'four');
  const away = progressOf([
    [two, { recentlyActive: false }],
    [third, {}],
  ]);
  rig.raftOverride = { progress: away };
  t.strictSame(await failure(channel, MemberRemove, { ID: third }), unhealthy, 'two of three left');
  const bothAway = progressOf([
    [two, { recentlyActive: false }],
    [third, { recentlyActive: false }],
  ]);
  rig.raftOverride = { progress: bothAway };
  t.strictSame(await failure(channel, MemberRemove, { ID: two }), [0, 'ok'], 'who is away may go');
});
