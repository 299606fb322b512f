import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import { emptyBytes, fromLatin1 } from '../../../src/base/bytes.js';
import type { Defect } from '../../../src/base/defect.js';
import { noMember } from '../../../src/base/ids.js';
import type {
  ConfChange,
  ConfChangeStep,
  ConfState,
  Message,
} from '../../../src/raft/core/index.js';
import { Cluster, defaultConfig, ids, type Member } from './cluster.js';
import { appendReply, timeoutNow, vote } from './messages.js';

setVerify(true);
const { electionTicks } = defaultConfig;
const [one, two, three, four] = ids([1, 2, 3, 4]);

/** `+4` adds a voter, `~4` a learner, `-4` removes. */
function change(...steps: string[]): ConfChange {
  const kinds: Record<string, ConfChangeStep['kind']> = {
    '+': 'add-voter',
    '~': 'add-learner',
    '-': 'remove',
  };
  return {
    steps: steps.map((step) => ({
      kind: kinds[step[0] ?? '']!,
      id: ids([Number(step.slice(1))])[0]!,
    })),
    joint: 'auto',
    context: emptyBytes,
  };
}

/** Proposes a change; returns why it was refused, or null. */
function propose(cluster: Cluster, member: Member, confChange: ConfChange): string | null {
  let refusal: string | null = null;
  cluster.run(member, (core) => {
    const proposed = core.proposeConfChange(confChange);
    refusal = proposed.ok ? null : proposed.reason;
  });
  return refusal;
}

const votersOf = (member: Member) => member.core.status().conf.voters;
const jointConf = (voters: number[], votersOutgoing: number[]): ConfState => ({
  voters: ids(voters),
  votersOutgoing: ids(votersOutgoing),
  learners: [],
  learnersNext: [],
  autoLeave: false,
});
const touching = (id: number) => (message: Message) =>
  message.from === BigInt(id) || message.to === BigInt(id);

t.test('checklist 32: no membership change before the leader committed in its term', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.run(cluster.member(1), (core) => core.campaign());
  cluster.stabilize((message) => message.kind.startsWith('vote'));
  const leader = cluster.member(1);
  t.equal(leader.core.role, 'leader');
  t.equal(propose(cluster, leader, change('+4')), 'config-pending');
  cluster.stabilize();
  t.equal(propose(cluster, leader, change('+4')), null);
  t.end();
});

t.test('checklist 32: one membership change at a time, until it is applied', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  leader.holdsApply = true;
  t.equal(propose(cluster, leader, change('-3')), null);
  t.equal(propose(cluster, leader, change('-2')), 'config-pending');
  cluster.stabilize();
  t.equal(leader.core.commit, 2);
  t.equal(propose(cluster, leader, change('-2')), 'config-pending', 'committed, not applied');
  cluster.apply(leader);
  t.equal(propose(cluster, leader, change('-2')), null);
  t.end();
});

t.test('checklist 32: a new leader takes any unapplied change for pending', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  propose(cluster, cluster.elect(1), change('-3'));
  cluster.stabilize((message) => message.to === two);
  cluster.take();
  cluster.crash(cluster.member(1));
  const leader = cluster.member(2);
  leader.holdsApply = true;
  cluster.flow(3 * electionTicks);
  t.equal(leader.core.role, 'leader', 'it has the longer log');
  t.equal(propose(cluster, leader, change('-1')), 'config-pending');
  cluster.apply(leader);
  t.equal(propose(cluster, leader, change('-1')), null);
  t.end();
});

t.test('checklist 32: changes that make no sense are refused', (t) => {
  const rows: [ConfChange, string][] = [
    [change('+2'), 'a voter already'],
    [change('-9'), 'not a member'],
    [change('~4'), 'a learner already'],
    [change('+0'), 'no member'],
    [change('-1', '-2', '-3'), 'nobody left'],
    [change('+5', '-5'), 'twice the same'],
    [change(), 'nothing to leave'],
  ];
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4] });
  const leader = cluster.elect(1);
  for (const [confChange, why] of rows) {
    t.equal(propose(cluster, leader, confChange), 'config-invalid', why);
  }
  t.equal(leader.core.lastIndex, 1);
  t.equal(propose(cluster, cluster.member(2), change('+5')), 'not-leader');
  t.end();
});

t.test('checklist 33: a membership takes effect when applied', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  leader.holdsApply = true;
  propose(cluster, leader, change('-3'));
  cluster.stabilize();
  t.same(votersOf(leader), [one, two, three]);
  cluster.apply(leader);
  t.same(votersOf(leader), [one, two]);
  t.end();
});

t.test('checklist 33: who has not applied a committed change does not campaign', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  const member = cluster.member(2);
  member.holdsApply = true;
  propose(cluster, leader, change('~4'));
  cluster.stabilize();
  t.equal(member.core.commit, 2);
  cluster.crash(leader);
  for (let i = 0; i < 5 * electionTicks; i++) cluster.run(member, (core) => core.tick());
  cluster.run(member, (core) => core.campaign());
  cluster.deliver(timeoutNow('1->2', {}));
  t.equal(member.core.role, 'follower');
  cluster.apply(member);
  cluster.run(member, (core) => core.campaign());
  t.equal(member.core.role, 'pre-candidate');
  t.end();
});

t.test('checklist 34: a joint membership commits and elects with both majorities', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3, 4, 5], conf: jointConf([1, 2, 3], [1, 4, 5]) });
  const candidate = cluster.member(1);
  cluster.run(candidate, (core) => core.campaign());
  cluster.stabilize((message) => !touching(4)(message) && !touching(5)(message));
  t.equal(candidate.core.role, 'pre-candidate', 'one half is not enough');
  cluster.take();
  const leader = cluster.elect(1, (message) => !touching(5)(message));
  cluster.take();
  cluster.run(leader, (core) => core.propose([fromLatin1('a')]));
  cluster.stabilize((message) => !touching(4)(message) && !touching(5)(message));
  t.equal(leader.core.commit, 1);
  cluster.stabilize();
  t.equal(leader.core.commit, 2);
  t.end();
});

t.test('checklist 34: the seeded defect asks one half only, and the checker notices', (t) => {
  const defects = new Set<Defect>(['joint-ignores-outgoing']);
  const conf = jointConf([1, 2, 3], [1, 4, 5]);
  const cluster = new Cluster({ voters: [1, 2, 3, 4, 5], conf, config: { defects } });
  t.throws(
    () => cluster.elect(1, (message) => !touching(4)(message) && !touching(5)(message)),
    /not on a quorum/,
  );
  t.end();
});

t.test('checklist 34: a joint membership is left by the leader itself', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.add(4);
  propose(cluster, leader, change('+4', '-3'));
  cluster.stabilize();
  for (const id of [1, 2, 4]) {
    t.same(cluster.member(id).core.status().conf, { ...jointConf([1, 2, 4], []) });
  }
  t.end();
});

t.test('checklist 34: `joint: always` is left when somebody says so', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  propose(cluster, leader, { ...change('-3'), joint: 'always' });
  cluster.stabilize();
  t.same(leader.core.status().conf, jointConf([1, 2], [1, 2, 3]));
  t.equal(propose(cluster, leader, change('~4')), 'config-invalid', 'only leaving is possible');
  t.equal(propose(cluster, leader, change()), null);
  cluster.stabilize();
  t.same(leader.core.status().conf, jointConf([1, 2], []));
  t.end();
});

t.test('checklist 34: after a crash within it a new leader leaves the joint membership', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.add(4);
  propose(cluster, leader, change('+4', '-3'));
  const isLeave = (message: Message) =>
    message.kind === 'append' && message.entries.some((entry) => entry.index === 3);
  cluster.stabilize((message) => !isLeave(message));
  cluster.take();
  cluster.flow(1, isLeave);
  t.equal(cluster.member(2).core.status().conf.votersOutgoing.length, 3);
  cluster.crash(leader);
  cluster.flow(5 * electionTicks);
  const next = cluster.leader!;
  t.not(next, leader);
  t.same(next.core.status().conf, jointConf([1, 2, 4], []));
  t.end();
});

t.test(
  'checklist 34: a removed leader commits the change, tells the others, then steps down',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    const leader = cluster.elect(1);
    propose(cluster, leader, change('-1'));
    cluster.stabilize();
    t.equal(leader.core.role, 'follower');
    t.equal(leader.core.leader, noMember);
    for (const id of [2, 3]) t.same(votersOf(cluster.member(id)), [two, three]);
    cluster.flow(4 * electionTicks);
    t.ok(cluster.leader !== null && cluster.leader !== leader);
    t.equal(leader.core.role, 'follower', 'it never campaigns again');
    t.end();
  },
);

t.test('checklist 34: a leader that is removed does not count itself', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3, 4], conf: jointConf([2, 3, 4], [1]) });
  const leader = cluster.elect(1);
  cluster.run(leader, (core) => core.propose([fromLatin1('a')]));
  cluster.stabilize((message) => !touching(3)(message) && !touching(4)(message));
  t.equal(leader.core.commit, 1, 'one of three incoming voters has it');
  cluster.stabilize((message) => !touching(4)(message));
  t.equal(leader.core.commit, 2);
  t.end();
});

t.test(
  'checklist 34: those whom a removed leader left uninformed learn when they ask for votes',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2] });
    const leader = cluster.elect(1);
    propose(cluster, leader, change('-1'));
    // Entries that member 2 never gets: it cannot win the vote of member 1, which it still thinks it needs.
    cluster.stabilize((message) => message.from === one || message.kind === 'append-reply');
    cluster.take();
    const follower = cluster.member(2);
    cluster.crash(follower);
    cluster.restart(follower);
    cluster.flow(6 * electionTicks);
    t.equal(follower.core.role, 'leader');
    t.same(votersOf(follower), [two]);
    t.end();
  },
);

t.test(
  'checklist 35: a learner that is asked votes; it is not counted and does not campaign',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3], learners: [4] });
    cluster.deliver(vote('1->4', { term: 1 }));
    t.match(cluster.take(), [{ kind: 'vote-reply', granted: true }]);
    const learner = cluster.member(4);
    for (let i = 0; i < 5 * electionTicks; i++) cluster.run(learner, (core) => core.tick());
    cluster.run(learner, (core) => core.campaign());
    cluster.deliver(timeoutNow('1->4', {}));
    t.equal(learner.core.role, 'follower');

    const leader = cluster.elect(1, (message) => !touching(3)(message));
    cluster.take();
    cluster.run(leader, (core) => core.propose([fromLatin1('a')]));
    cluster.stabilize((message) => !touching(2)(message) && !touching(3)(message));
    t.equal(learner.core.lastIndex, 2);
    t.equal(leader.core.commit, 1);
    t.end();
  },
);

t.test(
  'checklist 35: a promoted learner with the newest log that does not know it can lead',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2], learners: [3] });
    const leader = cluster.elect(1);
    propose(cluster, leader, change('+3'));
    // The learner gets the entry, and one more that member 2 does not get, but no commit index.
    const learner = cluster.member(3);
    cluster.stabilize((message) => message.to !== three || message.kind !== 'append');
    cluster.take();
    t.same(votersOf(leader), [one, two, three]);
    t.same(votersOf(cluster.member(2)), [one, two, three]);
    const [promotion] = leader.log.entries.slice(1);
    cluster.crash(leader);
    cluster.deliver({
      kind: 'append',
      from: one!,
      to: three!,
      term: 1,
      prevIndex: 1,
      prevTerm: 1,
      commit: 1,
      wantsReply: true,
      entries: [promotion!, { term: 1, index: 3, kind: 'normal', data: emptyBytes }],
    });
    cluster.take();
    t.same(votersOf(learner), [one, two], 'it takes itself for a learner');
    cluster.flow(6 * electionTicks);
    t.equal(cluster.leader, learner);
    t.end();
  },
);

t.test('checklist 36: a dead member can be removed, and the rest goes on', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.crash(cluster.member(3));
  t.equal(propose(cluster, leader, change('-3')), null);
  cluster.stabilize();
  t.same(votersOf(leader), [one, two]);
  t.end();
});

t.test(
  'checklist 36: status tells how far each member is, for whoever decides on a promotion',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3], learners: [4] });
    const leader = cluster.elect(1);
    const learner = () => leader.core.status().progress.get(four!);
    t.match(learner(), { match: 1, recentlyActive: true, isLearner: true });
    cluster.run(leader, (core) => core.propose([fromLatin1('a')]));
    cluster.flow(electionTicks, touching(4));
    t.match(learner(), { match: 1, recentlyActive: false });
    t.end();
  },
);

t.test('checklist 36: removing a voter may commit what waited for it', (t) => {
  const cluster = new Cluster({ voters: [1, 2] });
  const leader = cluster.elect(1);
  leader.holdsApply = true;
  propose(cluster, leader, change('-2'));
  cluster.stabilize();
  cluster.run(leader, (core) => core.propose([fromLatin1('a')]));
  cluster.take();
  t.equal(leader.core.commit, 2);
  cluster.apply(leader);
  t.equal(leader.core.commit, 3);
  t.end();
});

t.test('checklist 37: answers of who is no member change nothing', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.run(leader, (core) => core.propose([fromLatin1('a')]));
  for (const id of [7, 8, 9]) cluster.deliver(appendReply(`${id}->1`, { index: 2 }));
  t.equal(leader.core.commit, 1);
  t.end();
});

t.test('checklist 38: a transfer waits until the target has the log', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.run(leader, (core) => core.propose([fromLatin1('a')]));
  cluster.stabilize((message) => !touching(2)(message));
  cluster.take();
  cluster.run(leader, (core) => core.transferLeadership(two!));
  t.notOk(cluster.network.some((message) => message.kind === 'timeout-now'));
  t.equal(leader.core.status().transferee, two);
  cluster.flow(1);
  t.equal(cluster.leader, cluster.member(2));
  t.equal(cluster.member(2).core.term, 2);
  t.ok(cluster.running.every((member) => member.core.leader === two));
  t.end();
});

t.test('checklist 38: a transfer gives up after an election timeout', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.crash(cluster.member(2));
  cluster.run(leader, (core) => core.transferLeadership(two!));
  const isTaken = () => leader.core.propose([fromLatin1('a')]).ok;
  cluster.flow(electionTicks - 1);
  t.notOk(isTaken());
  cluster.flow(1);
  t.ok(isTaken());
  t.equal(leader.core.status().transferee, noMember);
  t.end();
});

t.test('checklist 38: a joint membership is left once a transfer in its way has ended', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.add(4);
  propose(cluster, leader, change('+4', '-3'));
  const isTold = (message: Message) => message.kind === 'timeout-now';
  cluster.run(leader, (core) => core.transferLeadership(two!));
  cluster.stabilize((message) => !isTold(message));
  cluster.take();
  t.same(leader.core.status().conf.votersOutgoing, [one, two, three]);
  cluster.flow(electionTicks + 1, isTold);
  t.equal(cluster.leader, leader);
  t.same(leader.core.status().conf, jointConf([1, 2, 4], []));
  t.end();
});

t.test('checklist 38: a lost timeout-now is repeated', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.run(cluster.elect(1), (core) => core.transferLeadership(two!));
  cluster.take();
  cluster.flow(1);
  t.equal(cluster.leader, cluster.member(2));
  t.end();
});

t.test('checklist 38: only voters are handed leadership', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4] });
  const leader = cluster.elect(1);
  for (const target of ids([1, 4, 9])) {
    cluster.run(leader, (core) => core.transferLeadership(target));
    t.equal(leader.core.status().transferee, noMember);
  }
  cluster.run(cluster.member(2), (core) => core.transferLeadership(three!));
  t.equal(cluster.network.length, 0);
  t.end();
});

t.test('checklist 38: another target takes the place of the first', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.crash(cluster.member(2));
  cluster.run(leader, (core) => core.transferLeadership(two!));
  cluster.run(leader, (core) => core.transferLeadership(three!));
  cluster.stabilize();
  t.equal(cluster.leader, cluster.member(3));
  t.end();
});

t.test('checklist 38: removing the target ends the transfer', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  propose(cluster, leader, change('-3'));
  cluster.run(leader, (core) => core.transferLeadership(three!));
  cluster.stabilize((message) => !touching(3)(message));
  t.equal(leader.core.status().transferee, noMember);
  t.ok(leader.core.propose([fromLatin1('a')]).ok);
  t.end();
});

t.test('applyConfChange: an entry that cannot be read, or does not fit, changes nothing', (t) => {
  for (const data of [fromLatin1('junk'), emptyBytes]) {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    const member = cluster.member(2);
    cluster.deliver({
      kind: 'append',
      from: one!,
      to: two!,
      term: 1,
      prevIndex: 0,
      prevTerm: 0,
      commit: 0,
      wantsReply: true,
      entries: [{ term: 1, index: 1, kind: 'config', data }],
    });
    member.core.step({
      kind: 'heartbeat',
      from: one!,
      to: two!,
      term: 1,
      commit: 1,
      readRound: 0,
      wantsReply: true,
    });
    const [entry] = member.core.ready().committed;
    t.same(member.core.applyConfChange(entry!).voters, [one, two, three]);
  }
  t.end();
});
