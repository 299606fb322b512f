import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import { emptyBytes, fromLatin1 } from '../../../src/base/bytes.js';
import type { Defect } from '../../../src/base/defect.js';
import type { Message } from '../../../src/raft/core/index.js';
import { Cluster, defaultConfig, ids } from './cluster.js';
import { append, appendReply, entriesFrom, heartbeat, heartbeatReply, vote } from './messages.js';

setVerify(true);
const { electionTicks } = defaultConfig;
const [one, two, three] = ids([1, 2, 3]);
const data = (text: string) => fromLatin1(text);
const defect = (name: Defect) => ({ defects: new Set([name]) });
const between = (...members: number[]) => {
  return (message: Message) =>
    members.includes(Number(message.from)) && members.includes(Number(message.to));
};

t.test('checklist 15: the logs of figure 7 converge, a round trip a term', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3, 4, 5, 6, 7] });
  const terms = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  cluster.seedLogs({
    1: { terms, term: 7 },
    2: { terms: [1, 1, 1, 4, 4, 5, 5, 6, 6] },
    3: { terms: [1, 1, 1, 4] },
    4: { terms: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6] },
    5: { terms: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7] },
    6: { terms: [1, 1, 1, 4, 4, 4, 4] },
    7: { terms: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3] },
  });
  let refusals = 0;
  cluster.run(cluster.member(1), (core) => core.campaign());
  cluster.stabilize((message) => {
    if (message.kind === 'append-reply' && message.rejected) refusals++;
    return true;
  });
  cluster.flow(2);
  t.equal(cluster.leader?.id, one);
  for (const member of cluster.running) {
    t.same(
      member.log.entries.map((entry) => entry.term),
      [...terms, 8],
      `log of ${member.id}`,
    );
    t.equal(member.core.commit, 11);
  }
  t.ok(refusals <= 10, `${refusals} refusals for six followers`);
  t.end();
});

t.test('checklist 15: a long divergent tail costs a round trip a term, not an entry', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const run = (term: number, count: number) => new Array<number>(count).fill(term);
  cluster.seedLogs({
    1: { terms: [...run(1, 10), ...run(5, 1000)], term: 6 },
    2: { terms: [...run(1, 10), ...run(2, 500), ...run(3, 500), ...run(4, 500)] },
    3: { terms: [...run(1, 10), ...run(5, 1000)] },
  });
  let refusals = 0;
  cluster.run(cluster.member(1), (core) => core.campaign());
  cluster.stabilize((message) => {
    if (message.kind === 'append-reply' && message.rejected) refusals++;
    return true;
  });
  t.equal(cluster.member(2).core.commit, 1011);
  t.ok(refusals <= 4, `${refusals} refusals`);
  t.end();
});

/** Figure 8 (c): the leader of term 4 brings entry 2, of its term 2, to a majority; entry 3 is its own. */
function figure8(config: object): Cluster {
  const cluster = new Cluster({
    voters: [1, 2, 3, 4, 5],
    config: { messageBytesMax: 1, ...config },
  });
  cluster.seedLogs({
    1: { terms: [1, 2], term: 3 },
    2: { terms: [1, 2], term: 3 },
    3: { terms: [1], term: 3 },
    4: { terms: [1], term: 3 },
    5: { terms: [1, 3] },
  });
  cluster.run(cluster.member(1), (core) => core.campaign());
  cluster.stabilize((message) => message.kind.startsWith('vote') && between(1, 2, 3, 4)(message));
  return cluster;
}

/** Delivers everything between three of the five, but entry 3 to member 3 only to be refused. */
function spread(cluster: Cluster): void {
  const isLate = (message: Message) =>
    message.kind === 'append' && message.to === three && message.prevIndex === 2;
  for (const message of cluster.take(isLate)) cluster.deliver(message);
  cluster.stabilize((message) => between(1, 2, 3)(message) && !isLate(message));
  cluster.take();
}

t.test('checklist 16: an entry of an earlier term is not committed by counting (figure 8)', (t) => {
  const cluster = figure8({});
  const leader = cluster.member(1);
  t.match({ role: leader.core.role, term: leader.core.term }, { role: 'leader', term: 4 });
  spread(cluster);
  const matches = [...leader.core.status().progress.values()].map((progress) => progress.match);
  t.same(matches, [3, 3, 2, 0, 0], 'entry 2 is on three of five disks, entry 3 on two');
  t.equal(leader.core.commit, 0);
  cluster.flow(2, (message) => !between(1, 2, 3)(message));
  t.equal(leader.core.commit, 3, 'with an entry of its own term both are');
  t.end();
});

t.test('checklist 16: the seeded defect commits it, and the checker notices', (t) => {
  const cluster = figure8(defect('commit-old-term-by-count'));
  t.throws(() => spread(cluster), /by counting/);
  t.end();
});

t.test('checklist 17: a new leader commits what it inherits with its own first entry', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.seedLogs({ 1: { terms: [1, 1] }, 2: { terms: [1, 1] }, 3: { terms: [1] } });
  cluster.run(cluster.member(1), (core) => core.campaign());
  cluster.stabilize((message) => message.kind.startsWith('vote'));
  const leader = cluster.member(1);
  t.equal(leader.core.role, 'leader');
  const last = leader.log.entries.at(-1);
  t.same(last, { term: 2, index: 3, kind: 'normal', data: emptyBytes });
  t.equal(leader.core.commit, 0);
  cluster.stabilize();
  t.equal(leader.core.commit, 3);
  t.end();
});

t.test('checklist 18: a late append that repeats the beginning does not truncate', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const follower = cluster.member(2);
  const early = append('1->2', { entries: entriesFrom(1, 1, 1) });
  cluster.deliver(early);
  cluster.deliver(append('1->2', { prevIndex: 2, prevTerm: 1, entries: entriesFrom(3, 1, 1) }));
  cluster.take();
  cluster.deliver(early);
  t.equal(follower.core.lastIndex, 4);
  t.match(cluster.take(), [{ kind: 'append-reply', index: 2, rejected: false }]);

  cluster.deliver(
    append('3->2', { term: 2, prevIndex: 2, prevTerm: 1, entries: entriesFrom(3, 2) }),
  );
  t.equal(follower.core.lastIndex, 3, 'a conflict does, from there on');
  t.same(
    follower.log.entries.map((entry) => entry.term),
    [1, 1, 2],
  );
  t.end();
});

t.test('checklist 18: the seeded defect truncates', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], config: defect('truncate-always') });
  const early = append('1->2', { entries: entriesFrom(1, 1) });
  cluster.deliver(append('1->2', { entries: entriesFrom(1, 1, 1) }));
  cluster.deliver(early);
  t.equal(cluster.member(2).core.lastIndex, 1);
  t.end();
});

t.test('checklist 18: an append that starts below the commit index is read from there', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const longer = { terms: [1, 1, 1, 1] };
  cluster.seedLogs({ 1: longer, 2: { terms: [1, 1, 1], commit: 2 }, 3: longer });
  const follower = cluster.member(2);
  cluster.deliver(append('1->2', { entries: entriesFrom(1, 1, 1, 1, 1), commit: 4 }));
  t.match(cluster.take(), [{ kind: 'append-reply', index: 4, rejected: false }]);
  t.equal(follower.core.commit, 4);
  cluster.deliver(append('1->2', { entries: entriesFrom(1, 1) }));
  t.match(cluster.take(), [{ kind: 'append-reply', index: 4, rejected: false }]);
  t.equal(follower.core.lastIndex, 4);
  t.end();
});

t.test('checklist 19: the commit index follows only as far as the message verified', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  // The log of member 2 goes on, with entries of term 2, beyond what a leader of term 3 verifies first.
  const leaders = { terms: [1, 3, 3] };
  cluster.seedLogs({ 1: leaders, 2: { terms: [1, 2, 2] }, 3: leaders });
  cluster.deliver(append('1->2', { term: 3, entries: entriesFrom(1, 1), commit: 3 }));
  t.equal(cluster.member(2).core.commit, 1);
  t.equal(cluster.member(2).core.lastIndex, 3);
  t.end();
});

/** Member 2 has a tail of its own when member 1 commits entries 2 and 3 without it; then heartbeats reach it first. */
function unverifiedTail(config: object): Cluster {
  const cluster = new Cluster({ voters: [1, 2, 3], config });
  const leaders = { terms: [1, 3], term: 4 };
  cluster.seedLogs({ 1: leaders, 2: { terms: [1, 2, 2] }, 3: leaders });
  cluster.run(cluster.member(1), (core) => core.campaign());
  cluster.stabilize(between(1, 3));
  cluster.take();
  cluster.run(cluster.member(1), (core) => core.tick());
  cluster.stabilize((message) => message.kind === 'heartbeat');
  return cluster;
}

t.test('checklist 19: a heartbeat commits only what the follower is known to have', (t) => {
  const cluster = unverifiedTail({});
  t.equal(cluster.member(1).core.commit, 3);
  t.equal(cluster.member(2).core.commit, 0);
  t.equal(cluster.member(2).core.lastIndex, 3);
  t.end();
});

t.test('checklist 19: the seeded defect commits what differs, and the checker notices', (t) => {
  t.throws(() => unverifiedTail(defect('commit-beyond-verified')), /another entry 2 committed/);
  t.end();
});

t.test(
  'checklist 20: truncation and what replaces it are one write, acknowledged after it',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    cluster.seedLogs({ 2: { terms: [1, 1, 1] } });
    const follower = cluster.member(2);
    follower.holdsWrites = true;
    const overwrite = append('1->2', {
      term: 2,
      prevIndex: 1,
      prevTerm: 1,
      entries: entriesFrom(2, 2, 2),
    });
    cluster.deliver(overwrite);
    t.same(cluster.take(), []);
    t.match(follower.writes, [{ hardState: { term: 2 }, entries: entriesFrom(2, 2, 2) }]);
    cluster.crash(follower);
    cluster.restart(follower);
    t.equal(follower.core.lastIndex, 3, 'the old suffix is back, nobody was told otherwise');
    t.equal(follower.core.term, 1);
    cluster.deliver(overwrite);
    cluster.completeWrite(follower);
    t.match(cluster.take(), [{ kind: 'append-reply', index: 3, term: 2 }]);
    cluster.crash(follower);
    cluster.restart(follower);
    t.same(
      follower.log.entries.map((entry) => entry.term),
      [1, 2, 2],
    );
    t.end();
  },
);

/** Entry 2 of term 2 is in flight to the disk when a leader of term 3 replaces it. */
function overwritten(config: object): Cluster {
  const cluster = new Cluster({ voters: [1, 2, 3], config });
  cluster.seedLogs({ 2: { terms: [1] } });
  const follower = cluster.member(2);
  follower.holdsWrites = true;
  const at = { prevIndex: 1, prevTerm: 1 };
  cluster.deliver(append('1->2', { term: 2, ...at, entries: entriesFrom(2, 2, 2) }));
  cluster.deliver(append('3->2', { term: 3, ...at, entries: entriesFrom(2, 3, 3) }));
  return cluster;
}

t.test('checklist 21: a completion of an overwritten suffix is ignored', (t) => {
  const cluster = overwritten({});
  const follower = cluster.member(2);
  const durableIndex = () => follower.core.status().durableIndex;
  cluster.completeWrite(follower);
  t.equal(durableIndex(), 1);
  cluster.completeWrite(follower);
  t.equal(durableIndex(), 3);
  t.end();
});

t.test(
  'checklist 21: equal entries written a third time are not durable before that write',
  (t) => {
    const cluster = overwritten({});
    const follower = cluster.member(2);
    const at = { prevIndex: 1, prevTerm: 1 };
    // A leader of term 4 has what the one of term 2 had written: the bytes are those of the first write.
    cluster.deliver(append('1->2', { term: 4, ...at, entries: entriesFrom(2, 2, 2, 4) }));
    const durableIndex = () => follower.core.status().durableIndex;
    cluster.completeWrite(follower);
    t.equal(durableIndex(), 1, 'the second write is about to erase the first');
    cluster.completeWrite(follower);
    t.equal(durableIndex(), 1);
    cluster.completeWrite(follower);
    t.equal(durableIndex(), 4);
    t.end();
  },
);

t.test('checklist 21: a leader does not count itself for a suffix that it lost', (t) => {
  const cluster = new Cluster({
    voters: [1, 2, 3],
    config: { preVote: false, checkQuorum: false },
  });
  const member = cluster.elect(1);
  member.holdsWrites = true;
  cluster.run(member, (core) => core.propose([data('a'), data('b')]));
  cluster.take();
  // Deposed, overwritten, elected again, while the write of term 1 is still in flight.
  cluster.deliver(
    append('2->1', { term: 2, prevIndex: 1, prevTerm: 1, entries: entriesFrom(2, 2) }),
  );
  cluster.run(member, (core) => core.campaign());
  cluster.completeWrites(member, 1);
  t.equal(member.core.status().durableIndex, 1);
  cluster.completeWrites(member, 2);
  cluster.settle(member);
  cluster.stabilize((message) => message.kind.startsWith('vote'));
  t.equal(member.core.role, 'leader');
  t.equal(member.core.status().progress.get(one!)?.match, 2);
  t.end();
});

t.test('checklist 21: the seeded defect believes it, and the checker notices', (t) => {
  const cluster = overwritten(defect('stale-durable-accepted'));
  const follower = cluster.member(2);
  cluster.completeWrite(follower);
  t.throws(() => cluster.settle(follower), /takes 3 for durable/);
  t.end();
});

t.test('checklist 22: repeated and reordered answers never move match back', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.run(leader, (core) => core.propose([data('a'), data('b'), data('c')]));
  for (const message of cluster.take((message) => message.to === two)) cluster.deliver(message);
  cluster.take();
  const answers = [
    [appendReply('2->1', { index: 3 }), 3],
    [appendReply('2->1', { index: 2 }), 3],
    [appendReply('2->1', { index: 4 }), 4],
    [appendReply('2->1', { index: 3, rejected: true, hintIndex: 1, hintTerm: 1 }), 4],
    [appendReply('2->1', { index: 4 }), 4],
    [appendReply('2->1', { index: 99 }), 4],
  ] as const;
  for (const [answer, match] of answers) {
    cluster.deliver(answer);
    const progress = leader.core.status().progress.get(two!)!;
    t.equal(progress.match, match);
    t.ok(progress.next > progress.match);
    t.equal(progress.state, 'replicate');
  }
  t.end();
});

t.test('checklist 23: the leader sends before its own disk, and counts itself after', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  leader.holdsWrites = true;
  cluster.run(leader, (core) => core.propose([data('a')]));
  t.equal(cluster.network.filter((message) => message.kind === 'append').length, 2);
  cluster.stabilize(between(1, 2));
  t.equal(leader.core.commit, 1, 'one follower and the undone write are no majority');
  cluster.completeWrite(leader);
  cluster.settle(leader);
  t.equal(leader.core.commit, 2);
  t.end();
});

t.test('checklist 23: two followers are a majority without the leader', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  leader.holdsWrites = true;
  cluster.run(leader, (core) => core.propose([data('a')]));
  cluster.stabilize();
  t.equal(leader.core.commit, 2);
  t.equal(leader.core.status().durableIndex, 1);
  t.equal(leader.machine.index, 2, 'it applies what its own disk lacks');
  t.end();
});

t.test(
  'checklist 23: the seeded defects count what is not on disk, and the checker notices',
  (t) => {
    const hasty = new Cluster({ voters: [1, 2, 3], config: defect('self-ack-before-durable') });
    const leader = hasty.elect(1);
    leader.holdsWrites = true;
    hasty.run(leader, (core) => core.propose([data('a')]));
    t.throws(() => hasty.stabilize(between(1, 2)), /not on a quorum/);

    const rash = new Cluster({ voters: [1, 2, 3], config: defect('append-ack-before-durable') });
    rash.elect(1);
    rash.member(2).holdsWrites = true;
    rash.run(rash.member(1), (core) => core.propose([data('a')]));
    t.throws(() => rash.stabilize(between(1, 2)), /not on a quorum/);
    t.end();
  },
);

t.test('checklist 24: the state machine may be ahead of the commit index on disk', (t) => {
  const cluster = new Cluster({ voters: [1] });
  const member = cluster.elect(1);
  cluster.run(member, (core) => core.propose([data('a'), data('b')]));
  cluster.sync(member);
  t.ok(member.wal.hardState.commit < member.machineOnDisk.index);
  cluster.crash(member);
  cluster.restart(member);
  t.match(member.core.status(), { commit: 3, applied: 3 });
  t.end();
});

t.test('checklist 24: a commit index on disk beyond the log is not believed', (t) => {
  const cluster = new Cluster({ voters: [1, 2] });
  cluster.seedLogs({ 1: { terms: [1, 1], commit: 9 }, 2: { terms: [1, 1] } });
  t.equal(cluster.member(1).core.commit, 2);
  t.end();
});

t.test(
  'checklist 24: a log of a later term than the hard state brings its term, without a vote',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2] });
    cluster.seedLogs({ 1: { terms: [1, 4], term: 3 } });
    t.match(cluster.member(1).core.status(), { term: 4, vote: 0n });
    t.end();
  },
);

t.test('checklist 25: a leader that commits nothing takes only so much', (t) => {
  const config = { uncommittedBytesMax: 10, checkQuorum: false };
  const cluster = new Cluster({ voters: [1, 2, 3], config });
  const leader = cluster.elect(1);
  const propose = (bytes: number) => {
    let ok = false;
    cluster.run(leader, (core) => {
      const proposed = core.propose([new Uint8Array(bytes)]);
      ok = proposed.ok;
      if (!proposed.ok) t.equal(proposed.reason, 'too-much-uncommitted');
    });
    return ok;
  };
  t.ok(propose(50), 'one of any size when nothing waits');
  t.notOk(propose(1));
  cluster.stabilize();
  t.ok(propose(4));
  t.ok(propose(6));
  t.notOk(propose(1));
  t.equal(leader.core.lastIndex, 4);
  cluster.stabilize();
  t.ok(propose(1));
  t.end();
});

t.test('checklist 25: no more is in flight to a follower than the limits allow', (t) => {
  const limits = [
    { inflightMessagesMax: 3, inflightBytesMax: 1 << 20, messages: 3 },
    { inflightMessagesMax: 100, inflightBytesMax: 50, messages: 3 },
  ];
  for (const { messages, ...limit } of limits) {
    const cluster = new Cluster({ voters: [1, 2, 3], config: { messageBytesMax: 1, ...limit } });
    const leader = cluster.elect(1);
    cluster.run(leader, (core) => core.propose(['a', 'b', 'c', 'd', 'e', 'f'].map(data)));
    const sent = cluster.take((message) => message.to === two);
    t.equal(sent.length, messages);
    cluster.deliver(sent[0]!);
    cluster.stabilize((message) => message.to === one);
    t.match(
      cluster.take((message) => message.to === two),
      [{ entries: [{ index: messages + 2 }] }],
    );
  }
  t.end();
});

t.test('checklist 25: a follower that takes no more appends still learns the commit index', (t) => {
  const config = { inflightMessagesMax: 1, messageBytesMax: 1 };
  const cluster = new Cluster({ voters: [1, 2, 3], config });
  const leader = cluster.elect(1);
  cluster.run(leader, (core) => core.propose([data('a'), data('b')]));
  // Member 2 gets entry 2 but its answer is lost: it is sent nothing more. Member 3 commits both.
  cluster.stabilize((message) => message.from !== two);
  cluster.take();
  t.equal(leader.core.commit, 3);
  t.equal(cluster.member(2).core.commit, 2, 'told by an append without entries');
  cluster.flow(2);
  t.equal(cluster.member(2).core.commit, 3, 'a heartbeat found the loss');
  t.end();
});

t.test('checklist 25: a probe waits for its answer, or for the one to a heartbeat', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.run(leader, (core) => core.onUnreachable(two!));
  const sentToTwo = () =>
    cluster.take((message) => message.to === two && message.kind === 'append');
  cluster.run(leader, (core) => core.propose([data('a')]));
  t.equal(sentToTwo().length, 1);
  cluster.run(leader, (core) => core.propose([data('b')]));
  t.equal(sentToTwo().length, 0);
  cluster.run(leader, (core) => core.tick());
  cluster.deliver(heartbeatReply('2->1', {}));
  t.match(sentToTwo(), [{ entries: [{ index: 2 }, { index: 3 }] }]);
  cluster.deliver(heartbeatReply('2->1', {}));
  t.equal(sentToTwo().length, 0, 'once a tick');
  t.end();
});

t.test('checklist 25: appends lost in a pipeline are found by a heartbeat', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.run(leader, (core) => core.propose([data('a')]));
  cluster.take();
  cluster.flow(2);
  t.ok(cluster.running.every((member) => member.core.commit === 2));
  t.end();
});

t.test('checklist 26: a proposal that is not taken says why', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const refusal = (id: number) => {
    const proposed = cluster.member(id).core.propose([data('a')]);
    return proposed.ok ? null : proposed.reason;
  };
  t.equal(refusal(1), 'not-leader');
  cluster.elect(1);
  t.equal(refusal(2), 'not-leader');
  const lastIndex = cluster.member(1).core.lastIndex;
  cluster.run(cluster.member(1), (core) => core.transferLeadership(two!));
  t.equal(refusal(1), 'transferring');
  t.equal(cluster.member(1).core.lastIndex, lastIndex);
  const outsider = cluster.add(4);
  t.equal(outsider.core.propose([data('a')]).ok, false);
  t.equal(refusal(4), 'not-member');
  t.end();
});

t.test('propose: a batch becomes consecutive entries of the present term', (t) => {
  const cluster = new Cluster({ voters: [1] });
  const leader = cluster.elect(1);
  const proposed = leader.core.propose([data('a'), data('b')]);
  t.same(proposed, { ok: true, firstIndex: 2, term: 1 });
  cluster.settle(leader);
  t.equal(leader.machine.index, 3);
  t.end();
});

t.test('ready: what was handed out does not change when the log does', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const follower = cluster.member(2);
  follower.holdsWrites = true;
  cluster.deliver(append('1->2', { entries: entriesFrom(1, 1, 1) }));
  const handedOut = follower.writes[0]!.entries;
  cluster.deliver(append('3->2', { term: 2, entries: entriesFrom(1, 2) }));
  t.same(handedOut, entriesFrom(1, 1, 1));
  t.end();
});

t.test('ready: answers that wait for the disk are handed out with the write they wait for', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const follower = cluster.member(2);
  cluster.deliver(heartbeat('1->2', {}));
  cluster.take();
  follower.holdsWrites = true;
  const message = append('1->2', { entries: entriesFrom(1, 1, 1) });
  follower.core.step(append('1->2', { entries: entriesFrom(1, 1) }));
  cluster.deliver(message);
  const ack = { kind: 'append-reply', index: 2 };
  t.match(follower.writes, [{ entries: entriesFrom(1, 1, 1), messages: [ack] }], 'one for both');
  t.equal(follower.writes[0]?.messages.length, 1);
  cluster.deliver(message);
  t.equal(follower.writes.length, 1, 'the same again says nothing new');
  t.same(cluster.take(), []);
  cluster.completeWrite(follower);
  t.match(cluster.take(), [ack]);
  cluster.deliver(message);
  t.match(cluster.take(), [ack], 'at once when all is durable');
  t.equal(follower.writes.length, 0);
  t.end();
});

t.test('ready: an answer that needs no new write still waits for those in flight', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const voter = cluster.member(2);
  voter.holdsWrites = true;
  cluster.deliver(append('1->2', { entries: entriesFrom(1, 1) }));
  cluster.deliver(vote('3->2', { term: 1 }));
  const refusal = { kind: 'vote-reply', granted: false };
  t.match(voter.writes[1], { sequence: 2, entries: [], hardState: null, messages: [refusal] });
  t.end();
});

t.test('ready: committed entries come in batches of bounded size', (t) => {
  const sizes: number[] = [];
  const cluster = new Cluster({
    voters: [1],
    config: { committedBytesMax: 40 },
    onReady: (_, ready) => {
      if (ready.committed.length > 0) sizes.push(ready.committed.length);
    },
  });
  const leader = cluster.elect(1);
  cluster.run(leader, (core) =>
    core.propose([data('a'), data('b'), data('c'), new Uint8Array(99)]),
  );
  t.same(sizes, [1, 2, 1, 1]);
  t.end();
});

t.test('step: nothing that a peer says makes the core throw or lose its place', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.seedLogs({ 1: { terms: [1, 1, 2, 2], commit: 3 }, 2: { terms: [1, 1, 2], commit: 3 } });
  const bad: Message[] = [
    append('2->1', { term: 2, entries: [{ ...entriesFrom(1, 2)[0]!, index: 7 }] }),
    append('2->1', { term: 2, entries: entriesFrom(1, 2, 1) }),
    append('2->1', { term: 2, entries: entriesFrom(1, 3) }),
    append('2->1', { term: 2, prevIndex: 2, prevTerm: 9, entries: entriesFrom(3, 9) }),
    append('2->1', { term: 2, entries: entriesFrom(1, 1, 1, 1, 1) }),
    append('2->1', { term: 2, prevIndex: -1 }),
    append('2->1', { term: 2, prevIndex: Number.NaN }),
    append('2->1', { term: 2, prevIndex: Number.MAX_SAFE_INTEGER, prevTerm: 1, entries: [] }),
    append('2->1', { term: 2 ** 60 }),
    heartbeat('2->1', { term: 2, commit: 1.5 }),
    heartbeat('2->1', { term: 0 }),
    appendReply('2->1', { term: 2, index: Number.POSITIVE_INFINITY }),
    appendReply('2->1', { term: 2, index: 3, rejected: true, hintIndex: 2 ** 53, hintTerm: 0 }),
    { ...heartbeat('2->1', {}), kind: 'unheard-of' } as never,
    heartbeat('0->1', { term: 2 }),
    heartbeat('1->1', { term: 9 }),
    heartbeat('2->3', { term: 9 }),
  ];
  const member = cluster.member(1);
  const before = member.core.status();
  for (const message of bad) {
    member.core.step(message);
    const after = member.core.status();
    t.match(after, { commit: before.commit, lastIndex: before.lastIndex, term: 2 });
  }
  t.end();
});

t.test('status: an unheard follower shows as silent after an election timeout', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.flow(electionTicks, (message) => message.from === three);
  const { progress } = leader.core.status();
  t.equal(progress.get(two!)?.recentlyActive, true);
  t.equal(progress.get(three!)?.recentlyActive, false);
  t.equal(progress.get(one!)?.recentlyActive, true);
  t.end();
});

t.test(
  'ready: what a later leader overwrote before it was written is not accepted any more (sim seed 200688)',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    cluster.seedLogs({ 1: { terms: [1, 1] } });
    const { core } = cluster.member(1);
    // A member that was stopped wakes up to both.
    core.step(
      append('2->1', { term: 2, prevIndex: 2, prevTerm: 1, entries: entriesFrom(3, 2, 2) }),
    );
    core.step(append('3->1', { term: 3, prevIndex: 2, prevTerm: 1, entries: entriesFrom(3, 3) }));
    const promised: string[] = [];
    while (core.hasReady()) {
      const { messages, write } = core.ready();
      for (const message of [...messages, ...(write?.messages ?? [])]) {
        if (message.kind !== 'append-reply' || message.rejected) continue;
        promised.push(`${message.index} in term ${message.term}`);
      }
    }
    t.same(promised, ['3 in term 3'], 'entry 4 of term 2 is in no write');
    t.end();
  },
);
