import t from 'tap';
import { memberId } from '../../../src/base/ids.js';
import type { ConfState } from '../../../src/raft/core/types.js';
import { Membership } from '../../../src/store/member/membership.js';
import { MemberRecord, type MemberRecordInit } from '../../../src/wire/gen/store.js';

function conf(lists: {
  voters?: number[];
  outgoing?: number[];
  learners?: number[];
  learnersNext?: number[];
}): ConfState {
  const ids = (list: number[] = []) => list.map((id) => memberId(BigInt(id)));
  return {
    voters: ids(lists.voters),
    votersOutgoing: ids(lists.outgoing),
    learners: ids(lists.learners),
    learnersNext: ids(lists.learnersNext),
    autoLeave: false,
  };
}

const record = (fields: MemberRecordInit) =>
  MemberRecord.decode(MemberRecord.encode({ name: `m${fields.id}`, ...fields }));
const none = new Uint8Array(0);
const id = (value: number) => memberId(BigInt(value));

function threeMembers(): Membership {
  const membership = new Membership();
  const records = [1n, 2n, 3n].map((member) =>
    record({ id: member, peerUrls: [`http://p${member}:1`], clientUrls: [`http://c${member}:1`] }),
  );
  membership.load(records, [], conf({ voters: [1, 2, 3] }));
  return membership;
}

t.test('Membership.applyConfChange adds a learner as the context describes it', async (t) => {
  const membership = threeMembers();
  const context = MemberRecord.encode({ id: 4n, peerUrls: ['http://p4:1'] });
  const stored = membership.applyConfChange(context, conf({ voters: [1, 2, 3], learners: [4] }));
  const expected = record({ id: 4n, name: '', peerUrls: ['http://p4:1'], isLearner: true });
  t.same(stored, { put: [expected], removed: [] });
  t.same(membership.get(id(4)), expected);
  t.same(
    membership.list().map((member) => member.id),
    [1n, 2n, 3n, 4n],
  );
});

t.test(
  'Membership keeps name and URLs of a promoted learner, and stores it (19557, 20793)',
  async (t) => {
    const membership = threeMembers();
    const context = MemberRecord.encode({ id: 4n, peerUrls: ['http://p4:1'] });
    membership.applyConfChange(context, conf({ voters: [1, 2, 3], learners: [4] }));
    membership.publish({ id: 4n, name: 'four', clientUrls: ['http://c4:1'] });
    for (const promotion of [none, MemberRecord.encode({ id: 4n }), context]) {
      const again = threeMembers();
      again.load(membership.list(), [], membership.conf);
      const stored = again.applyConfChange(promotion, conf({ voters: [1, 2, 3, 4] }));
      const expected = {
        id: 4n,
        name: 'four',
        peerUrls: ['http://p4:1'],
        clientUrls: ['http://c4:1'],
        isLearner: false,
      };
      t.same(stored, { put: [expected], removed: [] });
      t.same(again.get(id(4)), expected);
    }
  },
);

t.test('Membership keeps a learner a learner when its peer URLs are updated (21694)', async (t) => {
  const membership = threeMembers();
  const context = MemberRecord.encode({ id: 4n, peerUrls: ['http://p4:1'] });
  membership.applyConfChange(context, conf({ voters: [1, 2, 3], learners: [4] }));
  const stored = membership.updatePeerUrls(id(4), ['http://new:1']);
  t.same(stored, record({ id: 4n, name: '', peerUrls: ['http://new:1'], isLearner: true }));
  t.same(membership.get(id(4)), stored);
});

t.test('Membership.updatePeerUrls replaces the peer URLs and nothing else', async (t) => {
  const membership = threeMembers();
  let changes = 0;
  membership.onChange(() => changes++);
  const peerUrls = ['http://new:1', 'http://p2:1'];
  const expected = record({ id: 2n, peerUrls, clientUrls: ['http://c2:1'] });
  t.same(membership.updatePeerUrls(id(2), peerUrls), expected, 'one of them it had before');
  t.same(membership.get(id(2)), expected);
  t.equal(changes, 1);
});

t.test('Membership.updatePeerUrls refuses what cannot be, and changes nothing', async (t) => {
  const refusals: readonly (readonly [member: number, peerUrls: string[], code: string])[] = [
    [9, ['http://new:1'], 'member-not-found'],
    [3, ['http://new:1'], 'member-not-found'],
    [1, ['http://new:1', 'http://p2:1'], 'peer-url-exists'],
    [1, [], 'member-bad-urls'],
  ];
  const membership = threeMembers();
  membership.applyConfChange(none, conf({ voters: [1, 2] }));
  const before = membership.list();
  membership.onChange(() => t.fail('nothing has changed'));
  for (const [member, peerUrls, code] of refusals) {
    t.throws(() => membership.updatePeerUrls(id(member), peerUrls), { code }, code);
    t.same(membership.list(), before);
  }
});

t.test(
  'Membership keeps peer URLs that were replaced while a promotion was under way',
  async (t) => {
    const membership = threeMembers();
    const context = MemberRecord.encode({ id: 4n, peerUrls: ['http://p4:1'] });
    membership.applyConfChange(context, conf({ voters: [1, 2, 3], learners: [4] }));
    membership.updatePeerUrls(id(4), ['http://new:1']);
    membership.applyConfChange(context, conf({ voters: [1, 2, 3, 4] }));
    t.same(membership.get(id(4))?.peerUrls, ['http://new:1']);
  },
);

t.test('Membership remembers removed members for good (13196)', async (t) => {
  const membership = threeMembers();
  const stored = membership.applyConfChange(none, conf({ voters: [1, 3] }));
  t.same(stored, { put: [], removed: [2n] });
  t.equal(membership.get(id(2)), undefined);
  t.ok(membership.isRemoved(id(2)));
  t.equal(membership.publish({ id: 2n, name: 'two', clientUrls: [] }), undefined);
  t.equal(membership.get(id(2)), undefined, 'a late publish does not bring it back');
  const restarted = new Membership();
  restarted.load(membership.list(), [id(2)], membership.conf);
  t.ok(restarted.isRemoved(id(2)));
  t.notOk(restarted.isRemoved(id(1)));
});

t.test('Membership keeps members of both halves of a joint configuration', async (t) => {
  const membership = threeMembers();
  const joint = conf({ voters: [1, 2, 4], outgoing: [1, 2, 3], learnersNext: [3] });
  const entered = membership.applyConfChange(
    MemberRecord.encode({ id: 4n, peerUrls: ['http://p4:1'] }),
    joint,
  );
  t.same(entered.removed, []);
  t.equal(membership.get(id(3))?.isLearner, false, 'it still votes');
  const left = membership.applyConfChange(none, conf({ voters: [1, 2, 4], learners: [3] }));
  t.same(
    left.put.map((member) => [member.id, member.isLearner]),
    [[3n, true]],
  );
  t.same(membership.applyConfChange(none, conf({ voters: [1, 2, 4] })).removed, [3n]);
});

t.test(
  'Membership removes several in the order of their ids, however it learnt of them',
  async (t) => {
    const membership = new Membership();
    membership.load([], [], conf({}));
    for (const members of [[3], [1, 3], [1, 2, 3]]) {
      membership.applyConfChange(none, conf({ voters: members }));
    }
    const { removed } = membership.applyConfChange(none, conf({ voters: [2] }));
    t.same(removed, [id(1), id(3)]);
  },
);

t.test('Membership has a record of every member of the configuration, told or not', async (t) => {
  const membership = threeMembers();
  const stored = membership.applyConfChange(none, conf({ voters: [1, 2, 3, 9] }));
  t.same(stored.put, [record({ id: 9n, name: '' })]);
  t.same(membership.applyConfChange(none, conf({ voters: [1, 2, 3, 9] })), {
    put: [],
    removed: [],
  });
});

t.test('Membership calls its listeners after every change and only then', async (t) => {
  const membership = threeMembers();
  const seen: number[] = [];
  membership.onChange(() => seen.push(membership.list().length));
  membership.applyConfChange(none, conf({ voters: [1, 2, 3] }));
  t.same(seen, []);
  membership.applyConfChange(none, conf({ voters: [1, 2] }));
  membership.publish({ id: 7n, name: 'x', clientUrls: [] });
  membership.publish({ id: 1n, name: 'x', clientUrls: [] });
  membership.load([], [], conf({}));
  t.same(seen, [2, 2, 0]);
});
