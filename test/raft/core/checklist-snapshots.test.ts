import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import { emptyBytes, fromLatin1 } from '../../../src/base/bytes.js';
import type { ConfState, Message, SnapshotMeta } from '../../../src/raft/core/index.js';
import { Cluster, defaultConfig, ids, type Member } from './cluster.js';
import { append, appendReply, entriesFrom, heartbeat } from './messages.js';

setVerify(true);
const { electionTicks } = defaultConfig;
const [one, two, three] = ids([1, 2, 3]);
const conf: ConfState = {
  voters: ids([1, 2, 3]),
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};
const touching = (id: number) => (message: Message) =>
  message.from === BigInt(id) || message.to === BigInt(id);

function propose(cluster: Cluster, member: Member, count: number): void {
  for (let i = 0; i < count; i++) {
    cluster.run(member, (core) => core.propose([fromLatin1(`p${i}`)]));
  }
}

function offer(snapshot: SnapshotMeta, to = two!): Message {
  return { kind: 'snapshot', from: one!, to, term: 1, snapshot };
}

/** Member 3 missed everything, and the leader has dropped the log that it would need. */
function farBehind(keep = 0): Cluster {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1, (message) => !touching(3)(message));
  propose(cluster, leader, 10);
  cluster.stabilize((message) => !touching(3)(message));
  cluster.take();
  cluster.snapshot(leader, keep);
  // It knows the term, durably.
  cluster.deliver(heartbeat('1->3', { term: 1 }));
  cluster.take();
  return cluster;
}

t.test('checklist 39: the log is dropped up to what is applied at most', (t) => {
  const cluster = new Cluster({ voters: [1] });
  const leader = cluster.elect(1);
  propose(cluster, leader, 5);
  t.throws(() => leader.core.compact(7), /beyond applied/);
  leader.core.compact(3);
  leader.core.compact(2);
  t.match(leader.core.status(), { firstIndex: 4, lastIndex: 6 });
  t.throws(() => leader.core.onSnapshotAvailable({ index: 7, term: 1, conf }), /beyond/);
  t.end();
});

t.test('checklist 40: a stale snapshot is ignored, and answered with what is here', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const log = { terms: [1, 1, 1], commit: 2 };
  cluster.seedLogs({ 1: log, 2: log, 3: log });
  const follower = cluster.member(2);
  cluster.deliver(offer({ index: 2, term: 1, conf }));
  t.match(cluster.take(), [{ kind: 'append-reply', index: 2, rejected: false }]);
  t.match(follower.core.status(), { commit: 2, lastIndex: 3, firstIndex: 1 });
  t.end();
});

t.test(
  "checklist 40: a log that has the snapshot's last entry is kept, and committed to there",
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    const log = { terms: [1, 1, 1, 1] };
    cluster.seedLogs({ 1: log, 2: log, 3: log });
    const follower = cluster.member(2);
    cluster.deliver(offer({ index: 3, term: 1, conf }));
    t.match(cluster.take(), [{ kind: 'append-reply', index: 3 }]);
    t.match(follower.core.status(), { commit: 3, applied: 3, lastIndex: 4, firstIndex: 1 });
    t.end();
  },
);

t.test('checklist 40: a log that differs is replaced, and the answer waits for the disk', (t) => {
  const cluster = farBehind();
  const follower = cluster.member(3);
  follower.holdsWrites = true;
  // A suffix that nobody else has, still on its way to the disk.
  cluster.deliver(append('2->3', { term: 1, prevIndex: 0, entries: entriesFrom(1, 1, 1) }));
  cluster.flow(1, touching(2));
  t.match(follower.writes.at(-1), { snapshot: { index: 11, term: 1 } });
  t.match(follower.core.status(), { commit: 11, firstIndex: 12, lastIndex: 11, durableIndex: 0 });
  t.equal(follower.core.status().applied, 0);
  t.notOk(cluster.network.some((message) => message.from === three));
  cluster.completeWrites(follower, follower.writes.length);
  cluster.settle(follower);
  t.match(follower.core.status(), { applied: 11, durableIndex: 11, conf });
  t.ok(
    cluster.network.some((m) => m.kind === 'append-reply' && m.from === three && m.index === 11),
  );
  t.end();
});

t.test(
  'checklist 40: nothing is handed out while a snapshot is being restored, nor is there a campaign',
  (t) => {
    const cluster = farBehind();
    const follower = cluster.member(3);
    follower.holdsWrites = true;
    cluster.flow(1);
    propose(cluster, cluster.member(1), 1);
    cluster.flow(1);
    const first = { prevIndex: 11, prevTerm: 1, commit: 12, entries: entriesFrom(12, 1) };
    const [entry] = cluster.member(1).log.entries;
    cluster.deliver(append('1->3', { ...first, entries: [entry!] }));
    t.equal(follower.core.commit, 12);
    t.same(follower.toApply, []);
    for (let i = 0; i < 3 * electionTicks; i++) cluster.run(follower, (core) => core.tick());
    t.equal(follower.core.role, 'follower');
    cluster.deliver(offer({ index: 15, term: 1, conf }, three));
    t.equal(follower.core.commit, 12, 'another snapshot has to wait');
    cluster.completeWrites(follower, follower.writes.length);
    cluster.settle(follower);
    t.equal(follower.machine.index, 12);
    t.end();
  },
);

t.test('checklist 40: a snapshot older than the log itself is ignored', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  propose(cluster, leader, 5);
  cluster.stabilize();
  const follower = cluster.member(2);
  cluster.sync(follower);
  cluster.compact(follower, 4);
  cluster.deliver(offer({ index: 2, term: 1, conf }));
  t.match(cluster.take(), [{ kind: 'append-reply', index: 6, rejected: false }]);
  t.match(follower.core.status(), { commit: 6, firstIndex: 5, lastIndex: 6 });
  t.end();
});

t.test('checklist 40: writes from before a snapshot do not make durable what follows it', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const { core } = cluster.member(2);
  core.step(append('3->2', { entries: entriesFrom(1, 1, 1, 1, 1, 1) }));
  const old = core.ready().write!.sequence;
  core.step({ ...offer({ index: 2, term: 2, conf }), term: 2 });
  const after = { term: 2, prevIndex: 2, prevTerm: 2, entries: entriesFrom(3, 2, 2, 2) };
  core.step(append('1->2', after));
  const next = core.ready().write!;
  t.match(next, { snapshot: { index: 2 }, entries: after.entries });
  core.onDurable(old);
  t.equal(core.status().durableIndex, 0);
  core.onDurable(next.sequence);
  t.equal(core.status().durableIndex, 5);
  t.end();
});

t.test(
  'checklist 40: entries handed out before a snapshot are applied by their own membership',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    const follower = cluster.member(2);
    const leader = cluster.elect(1);
    follower.holdsApply = true;
    cluster.run(leader, (core) =>
      core.proposeConfChange({
        steps: [{ kind: 'add-learner', id: ids([4])[0]! }],
        joint: 'auto',
        context: emptyBytes,
      }),
    );
    cluster.stabilize();
    const [entry] = follower.toApply;
    follower.holdsWrites = true;
    const later = { ...conf, voters: ids([1, 2]), learners: ids([3, 4]) };
    follower.core.step(offer({ index: 9, term: 1, conf: later }));
    const membership = follower.core.applyConfChange(entry!);
    t.same(membership, { ...conf, learners: ids([4]) });
    follower.core.onApplied(2);
    follower.core.ready();
    follower.core.onApplied(9);
    t.same(follower.core.status().conf, later);
    t.end();
  },
);

t.test('checklist 41: who is too far behind gets a snapshot, then the log after it', (t) => {
  const cluster = farBehind(3);
  const leader = cluster.member(1);
  const state = () => leader.core.status().progress.get(three!)?.state;
  cluster.flow(1, (message) => message.kind === 'snapshot');
  t.equal(state(), 'snapshot');
  propose(cluster, leader, 1);
  t.notOk(
    cluster.network.some((m) => m.to === three && m.kind === 'append'),
    'it is sent no entries',
  );
  cluster.flow(electionTicks);
  t.equal(state(), 'replicate');
  t.equal(cluster.member(3).machine.index, 12);
  t.equal(cluster.member(3).core.status().firstIndex, 12, 'the snapshot covers 11');
  t.end();
});

t.test('checklist 41: without a snapshot at hand one is asked for, once', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1, (message) => !touching(3)(message));
  propose(cluster, leader, 10);
  cluster.stabilize((message) => !touching(3)(message));
  cluster.take();
  cluster.sync(leader);
  cluster.compact(leader, 8);
  cluster.flow(5);
  t.equal(leader.snapshotsWanted, 1);
  cluster.snapshot(leader, 0);
  cluster.flow(2);
  t.equal(cluster.member(3).machine.index, 11);
  t.end();
});

t.test('checklist 41: for a silent member no snapshot is made', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.flow(electionTicks, touching(3));
  propose(cluster, leader, 5);
  cluster.stabilize((message) => !touching(3)(message));
  cluster.take();
  cluster.sync(leader);
  cluster.compact(leader, 6);
  cluster.run(leader, (core) => core.onUnreachable(three!));
  cluster.flow(2 * electionTicks, touching(3));
  propose(cluster, leader, 1);
  t.equal(leader.snapshotsWanted, 0);
  t.end();
});

t.test(
  'checklist 41: an unanswered offer is repeated after an election timeout, with the newest',
  (t) => {
    const cluster = farBehind();
    const leader = cluster.member(1);
    const lost = (message: Message) => message.kind === 'snapshot';
    cluster.flow(1, lost);
    propose(cluster, leader, 1);
    cluster.stabilize((message) => !lost(message));
    cluster.snapshot(leader, 0);
    cluster.flow(electionTicks - 2, lost);
    t.notOk(cluster.network.some(lost));
    cluster.run(leader, (core) => core.tick());
    cluster.run(leader, (core) => core.tick());
    t.match(cluster.network.filter(lost), [{ to: three, snapshot: { index: 12 } }]);
    t.end();
  },
);

t.test(
  'checklist 41: an older snapshot that arrives late still counts; a newer one follows if need be',
  (t) => {
    const cluster = farBehind();
    const leader = cluster.member(1);
    cluster.flow(1, (message) => message.kind === 'snapshot');
    propose(cluster, leader, 3);
    cluster.stabilize();
    cluster.snapshot(leader, 0);
    // Member 3 has taken what was offered first; the log that follows it is gone by now.
    cluster.deliver(appendReply('3->1', { index: 11 }));
    const progress = leader.core.status().progress.get(three!);
    t.match(progress, { match: 11, state: 'snapshot' });
    t.match(
      cluster.take((message) => message.kind === 'snapshot'),
      [{ snapshot: { index: 14 } }],
    );
    t.end();
  },
);

t.test('checklist 41: a new leader offers its own snapshot', (t) => {
  const cluster = farBehind();
  cluster.flow(1, (message) => message.kind === 'snapshot');
  const next = cluster.member(2);
  cluster.snapshot(next, 0);
  cluster.crash(cluster.member(1));
  cluster.flow(6 * electionTicks);
  t.equal(cluster.leader, next);
  t.equal(cluster.member(3).machine.index, next.machine.index);
  t.end();
});

t.test('checklist 41: a snapshot of a malformed membership is ignored', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const bad: SnapshotMeta[] = [
    { index: 5, term: 1, conf: { ...conf, voters: [] } },
    { index: 5, term: 1, conf: { ...conf, voters: ids([2, 1]) } },
    { index: 5, term: 1, conf: { ...conf, learners: ids([1]) } },
    { index: 5, term: 9, conf },
    { index: 0, term: 0, conf },
  ];
  for (const snapshot of bad) cluster.deliver(offer(snapshot));
  t.equal(cluster.member(2).core.commit, 0);
  t.equal(cluster.network.length, 0);
  t.end();
});

t.test(
  'checklist 42: a snapshot brings the membership of its index; later changes come on top, once',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    const leader = cluster.elect(1, (message) => !touching(3)(message));
    const changeConf = (kind: 'add-learner' | 'remove', id: number) => {
      cluster.run(leader, (core) =>
        core.proposeConfChange({
          steps: [{ kind, id: ids([id])[0]! }],
          joint: 'auto',
          context: emptyBytes,
        }),
      );
      cluster.stabilize((message) => !touching(3)(message));
      cluster.take();
    };
    changeConf('add-learner', 4);
    cluster.snapshot(leader, 0);
    changeConf('add-learner', 5);
    changeConf('remove', 4);
    cluster.flow(3);
    const member = cluster.member(3);
    const expected = { ...conf, learners: ids([5]) };
    t.same(member.core.status().conf, expected);
    t.equal(member.core.status().firstIndex, 3);

    t.same(member.machineOnDisk.conf, { ...conf, learners: ids([4]) }, 'as of the snapshot');
    cluster.crash(member);
    cluster.restart(member);
    cluster.flow(1);
    t.same(member.core.status().conf, expected, 'the entries after it are applied again');
    t.end();
  },
);

t.test(
  'checklist 42: a joiner with nothing gets a snapshot when the first members started from one',
  (t) => {
    const cluster = new Cluster({ voters: [1], startsFromSnapshot: true });
    const leader = cluster.elect(1);
    cluster.add(2);
    cluster.run(leader, (core) =>
      core.proposeConfChange({
        steps: [{ kind: 'add-learner', id: two! }],
        joint: 'auto',
        context: emptyBytes,
      }),
    );
    cluster.flow(1);
    t.equal(leader.snapshotsWanted, 1);
    cluster.snapshot(leader, 0);
    cluster.flow(2);
    t.same(cluster.member(2).core.status().conf, { ...conf, voters: [one], learners: [two] });
    t.end();
  },
);
