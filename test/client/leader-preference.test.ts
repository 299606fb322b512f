import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { connect } from '../../src/client/index.js';
import { FakeChannel, FakeClock, refused, settled } from './fake-channel.js';

/** Three played members, of which `leader` says that it leads. The client begins with any of them. */
function threeMembers() {
  const state = { leader: 1, term: 5 };
  const members: FakeChannel[] = [];
  const clock = new FakeClock();
  const client = connect({
    endpoints: ['http://m0:1', 'http://m1:1', 'http://m2:1'],
    prefersLeader: true,
    clock,
    prng: new Prng(3),
    openChannel: (url) => {
      const member = new FakeChannel(url);
      const at = members.push(member) - 1;
      member.answer = (path) => {
        const header = { memberId: BigInt(at + 1), raftTerm: state.term, revision: 1 };
        return path.endsWith('/Status') ? { header, leader: BigInt(state.leader + 1) } : { header };
      };
      return member;
    },
  });
  const askedForPut = (at: number) =>
    members[at]?.calls.filter((path) => path.endsWith('/Put')).length ?? 0;
  const askedForStatus = () =>
    members.flatMap(({ calls }) => calls.filter((path) => path.endsWith('/Status'))).length;
  const put = async () => {
    await client.kv.put('k', 'v');
    await settled();
  };
  return { state, members, clock, client, put, askedForPut, askedForStatus };
}

t.test(
  'prefersLeader: calls go to the leader from the first answer on, and on to the next',
  async (t) => {
    const { state, put, askedForPut, askedForStatus, clock, client } = threeMembers();
    t.teardown(() => client.close());
    await put();
    const before = askedForPut(1);
    for (let i = 0; i < 5; i++) await put();
    t.equal(askedForPut(1), before + 5);
    t.equal(askedForStatus(), 3, 'while the term lasts nobody is asked again');
    Object.assign(state, { leader: 2, term: 6 });
    await clock.advance(5000);
    await put();
    const then = askedForPut(2);
    for (let i = 0; i < 5; i++) await put();
    t.equal(askedForPut(2), then + 5);
    t.equal(askedForStatus(), 6);
  },
);

t.test(
  'prefersLeader: a leader that cannot be reached is no reason to stop, nor to ask all the time',
  async (t) => {
    const { members, put, askedForPut, askedForStatus, clock, client } = threeMembers();
    t.teardown(() => client.close());
    const [, leader] = members;
    if (leader !== undefined) leader.answer = refused;
    for (let i = 0; i < 20; i++) await put();
    t.equal(askedForPut(0) + askedForPut(2), 20);
    t.equal(askedForStatus(), 3);
    await clock.advance(5000);
    await put();
    t.equal(askedForStatus(), 6);
  },
);

t.test('prefersLeader: who says that it leads in an older term is not believed', async (t) => {
  const { state, members, put, askedForPut, clock, client } = threeMembers();
  t.teardown(() => client.close());
  await put();
  Object.assign(state, { leader: 2, term: 6 });
  const [, stale] = members;
  const header = { memberId: 2n, raftTerm: 5, revision: 1 };
  if (stale !== undefined)
    stale.answer = (path) =>
      path.endsWith('/Status') ? { header, leader: header.memberId } : refused();
  if (members[0] !== undefined) members[0].answer = refused;
  await clock.advance(5000);
  await put();
  const then = askedForPut(2);
  for (let i = 0; i < 3; i++) await put();
  t.equal(askedForPut(2), then + 3);
});

t.test('without prefersLeader nobody is asked who leads', async (t) => {
  const calls: string[] = [];
  const client = connect({
    endpoints: ['http://m0:1'],
    openChannel: (url) => {
      const channel = new FakeChannel(url);
      channel.answer = (path) => {
        calls.push(path);
        return { header: { memberId: 1n, raftTerm: 1, revision: 1 } };
      };
      return channel;
    },
  });
  await client.kv.put('k', 'v');
  await settled();
  await client.close();
  t.equal(calls.length, 1);
});
