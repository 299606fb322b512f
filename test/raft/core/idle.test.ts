import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import { fromLatin1 } from '../../../src/base/bytes.js';
import type { Message } from '../../../src/raft/core/index.js';
import { Cluster, defaultConfig, ids, type Member } from './cluster.js';
import { append } from './messages.js';

setVerify(true);
const { electionTicks } = defaultConfig;
const [, two, three] = ids([1, 2, 3]);
const isReply = (message: Message) => message.kind.endsWith('-reply');

/** A cluster with leader 1 in which everybody has everything, and knows. */
function restingCluster(): { readonly cluster: Cluster; readonly leader: Member } {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.flow(electionTicks);
  return { cluster, leader };
}

function tick(cluster: Cluster, member: Member): Message[] {
  cluster.run(member, (core) => core.tick());
  return cluster.take();
}

t.test('idleTicks: so many ticks of a follower do nothing, and the next is an election', (t) => {
  const { cluster } = restingCluster();
  const follower = cluster.member(2);
  cluster.crash(cluster.member(1));
  let idle = follower.core.idleTicks;
  t.ok(idle >= electionTicks - 2, `${idle} ticks`);
  for (; idle > 0; idle--) {
    t.equal(follower.core.idleTicks, idle);
    t.same(tick(cluster, follower), []);
    t.equal(follower.core.role, 'follower');
  }
  t.equal(follower.core.idleTicks, 0);
  tick(cluster, follower);
  t.equal(follower.core.role, 'pre-candidate');
  t.end();
});

t.test('idleTicks: a follower whose question goes unanswered waits no longer than that', (t) => {
  const { cluster } = restingCluster();
  const follower = cluster.member(2);
  cluster.run(follower, (core) => core.readIndex(7));
  cluster.take();
  // The leader is heard, but does not answer.
  for (let i = 0; i < electionTicks - 1; i++) {
    const { idleTicks } = follower.core;
    t.equal(idleTicks, electionTicks - 1 - i);
    tick(cluster, follower);
    cluster.deliver(append('1->2', { wantsReply: false }));
    t.same(follower.reads, []);
  }
  t.equal(follower.core.idleTicks, 0);
  tick(cluster, follower);
  t.same(follower.reads, [{ requestId: 7, index: null }]);
  t.end();
});

t.test('idleTicks: a leader has something to do in every tick', (t) => {
  const { cluster, leader } = restingCluster();
  t.equal(leader.core.idleTicks, 0);
  t.equal(tick(cluster, leader).length, 2);
  t.end();
});

t.test('heartbeats: a follower that has everything is asked for an answer now and then', (t) => {
  const { cluster, leader } = restingCluster();
  const counts = { heartbeats: 0, replies: 0 };
  const rounds = 6 * electionTicks;
  for (let i = 0; i < rounds; i++) {
    for (const member of cluster.running) cluster.run(member, (core) => core.tick());
    while (cluster.network.length > 0) {
      for (const message of cluster.take()) {
        if (message.kind === 'heartbeat') counts.heartbeats++;
        else if (message.kind === 'heartbeat-reply') counts.replies++;
        else t.fail(`${message.kind} in a cluster at rest`);
        cluster.deliver(message);
      }
    }
    t.equal(leader.core.role, 'leader');
  }
  t.equal(counts.heartbeats, 2 * rounds);
  t.equal(counts.replies, (2 * rounds) / Math.floor(electionTicks / 3));
  t.end();
});

t.test('heartbeats: a leader that is not answered steps down within an election timeout', (t) => {
  const { cluster, leader } = restingCluster();
  let ticks = 0;
  for (; leader.core.role === 'leader' && ticks < 100; ticks++) cluster.flow(1, isReply);
  t.ok(ticks <= electionTicks, `${ticks} ticks`);
  t.ok(ticks >= electionTicks - Math.floor(electionTicks / 3), `${ticks} ticks`);
  t.end();
});

/** Of the heartbeats of the next tick: who is to answer. */
function askedNext(cluster: Cluster, leader: Member): bigint[] {
  const beats = tick(cluster, leader).filter((message) => message.kind === 'heartbeat');
  t.equal(beats.length, 2);
  return beats.filter((message) => message.wantsReply).map((message) => message.to);
}

/** The tick after one in which both have answered: nobody would be asked without a reason. */
function freshlyHeard(): { readonly cluster: Cluster; readonly leader: Member } {
  const { cluster, leader } = restingCluster();
  cluster.run(leader, (core) => core.propose([fromLatin1('a')]));
  cluster.stabilize();
  return { cluster, leader };
}

t.test('heartbeats: without a reason nobody is asked', (t) => {
  const { cluster, leader } = freshlyHeard();
  t.same(askedNext(cluster, leader), []);
  t.end();
});

t.test('heartbeats: who may have lost entries is asked', (t) => {
  const { cluster, leader } = freshlyHeard();
  cluster.run(leader, (core) => core.propose([fromLatin1('b')]));
  cluster.stabilize((message) => message.to !== three && message.from !== three);
  cluster.take();
  t.same(askedNext(cluster, leader), [three]);
  t.end();
});

t.test('heartbeats: who has not confirmed the newest round of reads is asked', (t) => {
  const { cluster, leader } = freshlyHeard();
  cluster.run(leader, (core) => core.readIndex(1));
  t.ok(cluster.network.every((message) => message.kind === 'heartbeat' && message.wantsReply));
  cluster.stabilize((message) => message.to !== two && message.from !== two);
  cluster.take();
  t.same(askedNext(cluster, leader), [two]);
  t.end();
});

t.test('heartbeats: whom leadership is being handed to is asked, until it has been told', (t) => {
  const { cluster, leader } = freshlyHeard();
  cluster.run(leader, (core) => core.transferLeadership(two!));
  cluster.take();
  t.same(askedNext(cluster, leader), [two]);
  t.end();
});

t.test('appends: news of a commit alone is not answered, unless it is refused', (t) => {
  const { cluster, leader } = freshlyHeard();
  cluster.run(leader, (core) => core.propose([fromLatin1('b')]));
  const entries = cluster.take();
  t.ok(entries.every((message) => message.kind === 'append' && message.wantsReply));
  for (const message of entries) cluster.deliver(message);
  cluster.stabilize((message) => message.to === leader.id);
  const notices = cluster.take();
  t.match(notices, [
    { kind: 'append', to: two, entries: [], wantsReply: false },
    { kind: 'append', to: three, entries: [], wantsReply: false },
  ]);
  for (const message of notices) cluster.deliver(message);
  t.same(cluster.take(), []);
  t.equal(cluster.member(2).core.commit, leader.core.commit);

  const gap = { prevIndex: 9, prevTerm: 1, wantsReply: false };
  cluster.deliver(append('1->2', gap));
  t.match(cluster.take(), [{ kind: 'append-reply', rejected: true }]);
  t.end();
});
