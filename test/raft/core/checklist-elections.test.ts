import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import { emptyBytes } from '../../../src/base/bytes.js';
import { noMember } from '../../../src/base/ids.js';
import type { Message } from '../../../src/raft/core/index.js';
import { Cluster, defaultConfig, ids, type Member } from './cluster.js';
import { append, heartbeat, vote, voteReply } from './messages.js';

setVerify(true);
const { electionTicks } = defaultConfig;
const [one, two, three] = ids([1, 2, 3]);

const touching = (id: number) => (message: Message) =>
  message.from === BigInt(id) || message.to === BigInt(id);
const term = (member: Member) => member.core.term;

t.test('checklist 1: a vote is durable before it is answered, and survives a crash', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const voter = cluster.member(2);
  voter.holdsWrites = true;
  cluster.deliver(vote('1->2', { term: 1 }));
  t.same(cluster.network, [], 'no answer before the disk');
  t.same(voter.writes[0]?.hardState, { term: 1, vote: one, commit: 0 });

  cluster.crash(voter);
  cluster.restart(voter);
  t.equal(voter.core.status().vote, noMember, 'the vote was lost, nobody knows of it');

  cluster.deliver(vote('1->2', { term: 1 }));
  cluster.completeWrite(voter);
  t.match(cluster.take(), [{ kind: 'vote-reply', to: one, granted: true }]);

  cluster.crash(voter);
  cluster.restart(voter);
  cluster.deliver(vote('3->2', { term: 1 }));
  t.match(cluster.take(), [{ kind: 'vote-reply', to: three, granted: false }]);
  cluster.deliver(vote('1->2', { term: 1 }));
  t.match(cluster.take(), [{ kind: 'vote-reply', to: one, granted: true }], 'the same one again');
  t.end();
});

t.test('checklist 1: the seeded defect answers first, and the checker notices', (t) => {
  const defects = new Set(['vote-before-durable'] as const);
  const cluster = new Cluster({ voters: [1, 2, 3], config: { defects } });
  const voter = cluster.member(2);
  voter.holdsWrites = true;
  cluster.deliver(vote('1->2', { term: 1 }));
  t.match(cluster.take(), [{ kind: 'vote-reply', granted: true }]);
  cluster.crash(voter);
  t.throws(() => cluster.restart(voter), /forgot/);
  t.end();
});

t.test('checklist 2: a candidate counts its own vote once that is durable', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], config: { preVote: false } });
  const candidate = cluster.member(1);
  candidate.holdsWrites = true;
  cluster.run(candidate, (core) => core.campaign());
  t.same(cluster.network, [], 'nor does it ask for votes in a term that it could forget');
  cluster.deliver(voteReply('2->1', { term: 1 }));
  t.equal(candidate.core.role, 'candidate', 'the vote of another is one of three');
  cluster.completeWrite(candidate);
  t.equal(candidate.core.role, 'leader');
  t.end();
});

t.test('checklist 2: the write of a lost election does not count in a later one', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], config: { preVote: false } });
  const candidate = cluster.member(1);
  candidate.holdsWrites = true;
  cluster.run(candidate, (core) => core.campaign());
  cluster.deliver(append('2->1', { term: 2 }));
  t.equal(candidate.core.role, 'follower');
  cluster.run(candidate, (core) => core.campaign());
  cluster.deliver(voteReply('3->1', { term: 3 }));
  // The writes of terms 1 and 2; that of term 3 is still in flight.
  cluster.completeWrites(candidate, 2);
  t.equal(candidate.core.role, 'candidate');
  cluster.completeWrite(candidate);
  t.equal(candidate.core.role, 'leader');
  t.end();
});

t.test('checklist 3: a vote goes to logs that are as new: later last term, then longer', (t) => {
  const rows = [
    { last: [3, 2], granted: true, why: 'equal' },
    { last: [4, 2], granted: true, why: 'longer' },
    { last: [2, 2], granted: false, why: 'shorter' },
    { last: [1, 3], granted: true, why: 'of a later term though shorter' },
    { last: [9, 1], granted: false, why: 'of an earlier term though longer' },
  ] as const;
  for (const { last, granted, why } of rows) {
    for (const pre of [false, true]) {
      const cluster = new Cluster({ voters: [1, 2] });
      cluster.seedLogs({ 2: { terms: [1, 1, 2] } });
      cluster.deliver(vote('1->2', { term: 5, lastIndex: last[0], lastTerm: last[1], pre }));
      t.match(cluster.take(), [{ kind: 'vote-reply', granted }], `${why}, pre ${pre}`);
    }
  }
  t.end();
});

t.test('checklist 3: who knows the leader of a term votes for nobody else in it', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.deliver(heartbeat('1->2', { term: 1 }));
  cluster.take();
  cluster.deliver(vote('3->2', { term: 1 }));
  t.match(cluster.take(), [{ kind: 'vote-reply', granted: false }]);
  t.end();
});

t.test('checklist 3: who grants a vote gives the candidate a whole timeout', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const voter = cluster.member(2);
  // In term 1 already, so that the vote alone restarts the timer.
  cluster.seedLogs({ 2: { terms: [], term: 1 } });
  for (let i = 0; i < electionTicks - 1; i++) cluster.run(voter, (core) => core.tick());
  cluster.deliver(vote('1->2', { term: 1 }));
  for (let i = 0; i < electionTicks - 1; i++) cluster.run(voter, (core) => core.tick());
  t.equal(voter.core.role, 'follower');
  for (let i = 0; i < electionTicks; i++) cluster.run(voter, (core) => core.tick());
  t.equal(voter.core.role, 'pre-candidate');
  t.end();
});

t.test('checklist 4: a member that was cut off for 100 timeouts comes back unnoticed', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.flow(200 * electionTicks, touching(3));
  t.equal(cluster.member(3).core.role, 'pre-candidate');
  cluster.flow(2 * electionTicks);
  for (const member of cluster.running) {
    t.equal(term(member), 1);
    t.equal(member.core.leader, leader.id);
  }
  t.end();
});

t.test('checklist 5: a pre-vote moves neither term nor vote nor timer of who is asked', (t) => {
  const [asked, left] = [0, 1].map(() => new Cluster({ voters: [1, 2, 3], seed: 7 }));
  const status = asked!.member(2).core.status();
  const ticksUntilCampaign = (cluster: Cluster, before: () => void) => {
    for (let ticks = 1; ; ticks++) {
      before();
      cluster.run(cluster.member(2), (core) => core.tick());
      if (cluster.member(2).core.role !== 'follower') return ticks;
    }
  };
  const disturbed = ticksUntilCampaign(asked!, () => {
    asked!.deliver(vote('1->2', { term: 5, pre: true }));
    t.match(asked!.take(), [{ kind: 'vote-reply', pre: true, granted: true, term: 5 }]);
    t.same(asked!.member(2).core.status(), status);
  });
  t.equal(
    disturbed,
    ticksUntilCampaign(left!, () => {}),
  );
  t.end();
});

t.test(
  'checklist 5: a refused pre-vote tells the real term, and the candidate takes it over',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    cluster.seedLogs({ 1: { terms: [1], term: 3 }, 2: { terms: [1], term: 5 } });
    cluster.run(cluster.member(1), (core) => core.campaign());
    cluster.stabilize((message) => !touching(3)(message));
    t.equal(term(cluster.member(1)), 5);
    t.equal(cluster.member(1).core.role, 'follower');
    cluster.run(cluster.member(1), (core) => core.campaign());
    cluster.stabilize((message) => !touching(3)(message));
    t.equal(cluster.member(1).core.role, 'leader');
    t.equal(term(cluster.member(1)), 6);
    t.end();
  },
);

t.test(
  'checklist 6: who has a live leader ignores votes and pre-votes, but not a transferee',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    cluster.elect(1);
    for (const id of [1, 2]) {
      const before = cluster.member(id).core.status();
      for (const pre of [true, false]) {
        cluster.deliver(vote(`3->${id}`, { term: 9, lastIndex: 9, lastTerm: 8, pre }));
        t.same(cluster.take(), [], `member ${id} says nothing, pre ${pre}`);
        t.same(cluster.member(id).core.status(), before);
      }
    }
    cluster.deliver(vote('3->2', { term: 9, lastIndex: 9, lastTerm: 8, transfer: true }));
    t.match(cluster.take(), [{ kind: 'vote-reply', to: three, granted: true, term: 9 }]);
    t.end();
  },
);

t.test('checklist 6: the leader counts as alive for one election timeout', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  const voter = cluster.member(2);
  cluster.deliver(heartbeat('1->2', { term: 1 }));
  const ask = () => {
    cluster.take();
    cluster.deliver(vote('3->2', { term: 2, lastIndex: 9, lastTerm: 1, pre: true }));
    return cluster.take().length;
  };
  for (let tick = 1; tick < electionTicks; tick++) {
    cluster.run(voter, (core) => core.tick());
    t.equal(ask(), 0, `after ${tick} ticks`);
  }
  cluster.run(voter, (core) => core.tick());
  t.equal(ask(), 1);
  t.end();
});

t.test('checklist 7: two of three elect after the leader died, whoever asks first', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.crash(cluster.member(1));
  const first = cluster.member(2);
  while (first.core.role !== 'pre-candidate') cluster.run(first, (core) => core.tick());
  t.equal(first.core.leader, noMember);
  cluster.take();
  cluster.elect(3);
  t.equal(first.core.leader, three);
  t.end();
});

t.test('checklist 8: a candidate that gets no answer goes back to asking for pre-votes', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const candidate = cluster.member(1);
  cluster.run(candidate, (core) => core.campaign());
  cluster.stabilize((message) => message.kind !== 'vote' || message.pre);
  t.equal(candidate.core.role, 'candidate');
  cluster.take();
  for (let i = 0; i < 2 * electionTicks; i++) cluster.run(candidate, (core) => core.tick());
  t.equal(candidate.core.role, 'pre-candidate');
  t.equal(term(candidate), 1);
  cluster.flow(3 * electionTicks);
  t.ok(cluster.leader);
  t.end();
});

t.test('checklist 9: in a joint membership longer logs and higher terms come together', (t) => {
  const conf = {
    voters: ids([1, 2, 3]),
    votersOutgoing: ids([1, 2, 4]),
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  for (let seed = 1; seed <= 20; seed++) {
    const cluster = new Cluster({ voters: [1, 2, 3, 4], conf, seed });
    cluster.seedLogs({
      1: { terms: [1, 2, 2, 2], term: 2 },
      2: { terms: [1, 2, 2, 2], term: 2 },
      3: { terms: [1], term: 6 },
      4: { terms: [1], term: 6 },
    });
    cluster.flow(10 * electionTicks);
    const leader = cluster.leader;
    t.ok(leader !== null && leader.core.commit === 5, `seed ${seed}`);
    t.ok(leader?.id === one || leader?.id === two, 'one with the longer log leads');
  }
  t.end();
});

t.test('checklist 10: a leader that hears nobody steps down within one election timeout', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  const deaf = (message: Message) => message.to === leader.id;
  cluster.flow(electionTicks - 1, deaf);
  t.equal(leader.core.role, 'leader');
  cluster.flow(1, deaf);
  t.equal(leader.core.role, 'follower');
  t.equal(term(leader), 1);
  cluster.flow(4 * electionTicks, deaf);
  t.ok(cluster.leader !== null && cluster.leader !== leader);
  t.end();
});

t.test('checklist 10: a leader that nobody hears is replaced', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.flow(4 * electionTicks, (message) => message.from === leader.id);
  t.equal(leader.core.role, 'follower');
  t.ok(cluster.leader !== null && cluster.leader !== leader);
  t.end();
});

t.test('checklist 11: who speaks in an earlier term is told the present one', (t) => {
  const messages = [append('1->2', { term: 2 }), heartbeat('1->2', { term: 2 })];
  for (const [preVote, checkQuorum, answers] of [
    [true, false, 1],
    [false, true, 1],
    [false, false, 0],
  ] as const) {
    for (const message of messages) {
      const cluster = new Cluster({ voters: [1, 2, 3], config: { preVote, checkQuorum } });
      cluster.seedLogs({ 2: { terms: [1], term: 5 } });
      cluster.deliver(message);
      const replies = cluster.take();
      t.equal(
        replies.length,
        answers,
        `${message.kind}, pre-vote ${preVote}, check ${checkQuorum}`,
      );
      for (const reply of replies) t.match(reply, { kind: 'append-reply', term: 5, index: 0 });
    }
  }
  t.end();
});

t.test('checklist 11: a member stuck in a higher term is taken up again', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.crash(cluster.member(3));
  cluster.member(3).wal.hardState = { term: 7, vote: noMember, commit: 0 };
  cluster.restart(cluster.member(3));
  cluster.flow(4 * electionTicks);
  t.ok(cluster.running.every((member) => member.core.leader === cluster.leader?.id));
  t.ok(term(cluster.member(1)) > 7);
  t.end();
});

t.test('checklist 12: one who was removed without learning it disturbs nobody', (t) => {
  for (const preVote of [true, false]) {
    const cluster = new Cluster({ voters: [1, 2, 3], config: { preVote } });
    const leader = cluster.elect(1);
    const step = { kind: 'remove', id: three! } as const;
    cluster.run(leader, (core) =>
      core.proposeConfChange({ steps: [step], joint: 'auto', context: emptyBytes }),
    );
    cluster.stabilize((message) => message.to !== three);
    cluster.take();
    t.same(leader.core.status().conf.voters, [one, two]);
    const before = term(leader);
    cluster.flow(100 * electionTicks, (message) => message.to === three);
    t.equal(leader.core.role, 'leader', `pre-vote ${preVote}`);
    t.equal(term(leader), before);
    t.not(cluster.member(3).core.role, 'leader');
  }
  t.end();
});

t.test('checklist 13: election timeouts differ, and are drawn anew each time', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const member = cluster.member(1);
  const timeouts: number[] = [];
  for (let i = 0; i < 200; i++) {
    const before = cluster.network.length;
    let ticks = 0;
    while (cluster.network.length === before) {
      cluster.run(member, (core) => core.tick());
      ticks++;
    }
    timeouts.push(ticks);
  }
  t.equal(Math.min(...timeouts), electionTicks);
  t.equal(Math.max(...timeouts), 2 * electionTicks - 1);
  t.equal(new Set(timeouts).size, electionTicks);
  t.end();
});

t.test('checklist 13: five members in step elect one within a few timeouts', (t) => {
  const stuck: number[] = [];
  for (let seed = 1; seed <= 100; seed++) {
    const cluster = new Cluster({ voters: [1, 2, 3, 4, 5], seed });
    let ticks = 0;
    while (cluster.leader === null && ticks < 20 * electionTicks) {
      cluster.flow(1);
      ticks++;
    }
    if (cluster.leader === null) stuck.push(seed);
  }
  t.same(stuck, [], 'seeds without a leader');
  t.end();
});

t.test('checklist 14: clocks that run twice as fast or stand still break nothing', (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const cluster = new Cluster({ voters: [1, 2, 3], seed });
    for (let i = 0; i < 20 * electionTicks; i++) {
      // The first runs double, the third not at all for a while and then jumps.
      cluster.run(cluster.member(1), (core) => core.tick());
      const jumps = i % (5 * electionTicks) === 0 ? 3 * electionTicks : 0;
      for (let n = 0; n < jumps; n++) cluster.run(cluster.member(3), (core) => core.tick());
      cluster.flow(i % 2);
      cluster.stabilize();
      const { leader } = cluster;
      if (leader !== null) cluster.run(leader, (core) => core.propose([emptyBytes]));
    }
    cluster.flow(4 * electionTicks);
    const commits = new Set(cluster.running.map((member) => member.core.commit));
    t.equal(commits.size, 1, `seed ${seed}`);
    t.ok((cluster.leader?.core.commit ?? 0) > 10);
  }
  t.end();
});

t.test(
  'checklist 14: a leader that slept through its replacement learns it before it acts',
  (t) => {
    const cluster = new Cluster({ voters: [1, 2, 3] });
    const sleeper = cluster.elect(1);
    sleeper.isRunning = false;
    cluster.flow(10 * electionTicks, touching(1));
    const { leader } = cluster;
    cluster.run(leader!, (core) => core.propose([emptyBytes]));
    cluster.stabilize();
    sleeper.isRunning = true;
    cluster.run(sleeper, (core) => {
      core.tick();
      core.readIndex(1);
      core.propose([emptyBytes]);
    });
    cluster.stabilize();
    t.equal(sleeper.core.role, 'follower');
    t.same(sleeper.reads, [{ requestId: 1, index: null }]);
    cluster.flow(2);
    t.equal(sleeper.core.commit, leader!.core.commit);
    t.end();
  },
);

t.test('campaign: who campaigns gives its leader up, so another may win instead', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.crash(cluster.member(1));
  cluster.run(cluster.member(2), (core) => core.campaign());
  cluster.stabilize();
  t.equal(cluster.member(2).core.role, 'pre-candidate', 'member 3 still waits for the leader');
  cluster.elect(3);
  t.end();
});

t.test('onLeaderUnreachable: a follower votes at once and campaigns within three ticks', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.crash(cluster.member(1));
  for (const id of [2, 3]) {
    cluster.run(cluster.member(id), (core) => core.onLeaderUnreachable());
    t.equal(cluster.member(id).core.leader, noMember);
  }
  cluster.flow(6);
  t.ok(cluster.leader, 'elected long before an election timeout');
  t.end();
});

t.test('onLeaderUnreachable: a false alarm changes nothing', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.run(cluster.member(2), (core) => core.onLeaderUnreachable());
  cluster.flow(3 * electionTicks);
  t.equal(cluster.leader?.id, one);
  t.ok(cluster.running.every((member) => member.core.leader === one && term(member) === 1));
  t.end();
});

t.test('onLeaderUnreachable: ignored with lease reads', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], config: { reads: 'lease' } });
  cluster.flow(4 * electionTicks);
  const follower = cluster.running.find((member) => member.core.role === 'follower')!;
  cluster.run(follower, (core) => {
    core.onLeaderUnreachable();
    core.campaign();
  });
  t.equal(follower.core.role, 'follower');
  t.equal(follower.core.leader, cluster.leader?.id);
  t.end();
});
