import t from 'tap';
import { setVerify } from '../../../src/base/assert.js';
import { fromLatin1 } from '../../../src/base/bytes.js';
import type { Defect } from '../../../src/base/defect.js';
import type { CoreConfig, Message } from '../../../src/raft/core/index.js';
import { Cluster, defaultConfig, ids, type Member } from './cluster.js';
import { heartbeatReply, vote } from './messages.js';

setVerify(true);
const { electionTicks } = defaultConfig;
const [one, two, three] = ids([1, 2, 3]);

const isVoting = (message: Message) => message.kind.startsWith('vote');
const touching = (id: number) => (message: Message) =>
  message.from === BigInt(id) || message.to === BigInt(id);

function read(cluster: Cluster, member: Member, ...requestIds: number[]): void {
  cluster.run(member, (core) => {
    for (const requestId of requestIds) core.readIndex(requestId);
  });
}

function propose(cluster: Cluster, member: Member, text: string): void {
  cluster.run(member, (core) => core.propose([fromLatin1(text)]));
}

/** A leader of term 2 that has committed nothing in it, although a leader of term 1 had committed entry 2. */
function freshLeader(config: Partial<CoreConfig> = {}): Cluster {
  const cluster = new Cluster({ voters: [1, 2, 3], config });
  const log = { terms: [1, 1] };
  cluster.seedLogs({ 1: log, 2: log, 3: log });
  cluster.run(cluster.member(1), (core) => core.campaign());
  cluster.stabilize(isVoting);
  return cluster;
}

t.test('checklist 27: a read waits for the first commit of the term', (t) => {
  const cluster = freshLeader();
  const leader = cluster.member(1);
  read(cluster, leader, 1);
  t.equal(cluster.network.filter((message) => message.kind === 'heartbeat').length, 0);
  t.same(leader.reads, []);
  cluster.stabilize();
  t.same(leader.reads, [{ requestId: 1, index: 3 }]);
  t.end();
});

t.test('checklist 27: held reads are refused when leadership is lost', (t) => {
  const cluster = freshLeader();
  const leader = cluster.member(1);
  read(cluster, leader, 1);
  cluster.take();
  cluster.flow(electionTicks, touching(1));
  t.equal(leader.core.role, 'follower');
  t.same(leader.reads, [{ requestId: 1, index: null }]);
  t.end();
});

t.test('checklist 27: the seeded defect answers with an index that lags', (t) => {
  const cluster = freshLeader({ defects: new Set<Defect>(['read-before-term-commit']) });
  const leader = cluster.member(1);
  read(cluster, leader, 1);
  cluster.stabilize((message) => message.kind.startsWith('heartbeat'));
  t.same(leader.reads, [{ requestId: 1, index: 0 }]);
  t.end();
});

t.test('checklist 28: only an answer to a round started after the read confirms it', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  read(cluster, leader, 1);
  const first = cluster.take();
  t.match(first, [
    { kind: 'heartbeat', to: two, readRound: 1 },
    { kind: 'heartbeat', to: three, readRound: 1 },
  ]);
  propose(cluster, leader, 'a');
  cluster.stabilize();
  read(cluster, leader, 2);
  cluster.take();
  cluster.deliver(heartbeatReply('2->1', { readRound: 1 }));
  t.same(leader.reads, [{ requestId: 1, index: 1 }], 'the second waits for its own round');
  cluster.deliver(heartbeatReply('3->1', { readRound: 2 }));
  t.same(leader.reads[1], { requestId: 2, index: 2 });
  t.end();
});

t.test('checklist 28: a later round confirms earlier reads too', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  read(cluster, leader, 1);
  read(cluster, leader, 2);
  cluster.take();
  cluster.deliver(heartbeatReply('2->1', { readRound: 2 }));
  t.equal(leader.reads.length, 2);
  t.end();
});

t.test('checklist 28: all reads of one batch share a round; a lost one is asked again', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  read(cluster, leader, 1, 2, 3);
  t.equal(cluster.take().length, 2, 'one heartbeat a follower');
  cluster.flow(1);
  t.equal(leader.reads.length, 3, 'the next heartbeat carries the round');
  t.end();
});

t.test('checklist 28: answers from a round that was never started are ignored', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  cluster.deliver(heartbeatReply('2->1', { readRound: 7 }));
  read(cluster, leader, 1);
  t.same(leader.reads, []);
  t.end();
});

t.test('checklist 28: learners and strangers confirm nothing', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4] });
  const leader = cluster.elect(1);
  read(cluster, leader, 1);
  cluster.take();
  cluster.deliver(heartbeatReply('4->1', { readRound: 1 }));
  cluster.deliver(heartbeatReply('9->1', { readRound: 1 }));
  t.same(leader.reads, []);
  cluster.deliver(heartbeatReply('3->1', { readRound: 1 }));
  t.same(leader.reads, [{ requestId: 1, index: 1 }]);
  t.end();
});

t.test('checklist 28: in a joint membership both halves must answer', (t) => {
  const conf = {
    voters: ids([1, 2, 3]),
    votersOutgoing: ids([1, 4, 5]),
    learners: [],
    learnersNext: [],
    autoLeave: false,
  };
  const cluster = new Cluster({ voters: [1, 2, 3, 4, 5], conf });
  const leader = cluster.elect(1);
  read(cluster, leader, 1);
  cluster.take();
  for (const id of [2, 3]) cluster.deliver(heartbeatReply(`${id}->1`, { readRound: 1 }));
  t.same(leader.reads, []);
  cluster.deliver(heartbeatReply('4->1', { readRound: 1 }));
  t.equal(leader.reads.length, 1);
  t.end();
});

t.test('checklist 29: a read gets the commit index, whatever is applied by then', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  leader.holdsApply = true;
  propose(cluster, leader, 'a');
  cluster.stabilize();
  read(cluster, leader, 1);
  cluster.stabilize();
  t.same(leader.reads, [{ requestId: 1, index: 2 }]);
  t.equal(leader.core.status().applied, 1, 'the driver waits for the rest');
  t.end();
});

t.test('checklist 30: a lease starts when its heartbeats are sent and ends early', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], config: { reads: 'lease' } });
  cluster.flow(4 * electionTicks);
  const leader = cluster.leader!;
  const readNow = () => {
    leader.reads.length = 0;
    read(cluster, leader, 1);
    cluster.take();
    return leader.reads.length === 1;
  };
  t.ok(readNow(), 'a quorum has answered the last heartbeat');
  let ticks = 0;
  while (readNow()) {
    cluster.run(leader, (core) => core.tick());
    cluster.take();
    ticks++;
  }
  t.ok(ticks > electionTicks / 2);
  t.ok(ticks < electionTicks - 1, 'before any voter may help to elect another');
  t.end();
});

t.test('checklist 30: handing leadership over ends the lease for the rest of the term', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], config: { reads: 'lease' } });
  cluster.flow(4 * electionTicks);
  const leader = cluster.leader!;
  const target = cluster.running.find((member) => member !== leader)!;
  cluster.run(leader, (core) => core.transferLeadership(target.id));
  cluster.take();
  cluster.flow(electionTicks, (message) => message.kind === 'timeout-now');
  t.equal(leader.core.role, 'leader', 'the target never heard of it');
  read(cluster, leader, 1);
  t.same(leader.reads, [], 'a round is needed');
  cluster.stabilize();
  t.equal(leader.reads.length, 1);
  t.end();
});

t.test('checklist 30: with lease reads a restarted voter waits before it votes', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], config: { reads: 'lease' } });
  cluster.flow(4 * electionTicks);
  const leader = cluster.leader!;
  const [voter, candidate] = cluster.running.filter((member) => member !== leader);
  cluster.crash(voter!);
  cluster.restart(voter!);
  const route = `${candidate!.id}->${voter!.id}`;
  cluster.deliver(vote(route, { term: 9, lastIndex: 9, lastTerm: 8 }));
  t.same(cluster.take(), []);
  t.end();
});

t.test('checklist 31: a follower asks the leader, once for all reads of a batch', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4] });
  const leader = cluster.elect(1);
  propose(cluster, leader, 'a');
  cluster.stabilize();
  for (const id of [2, 4]) {
    const member = cluster.member(id);
    read(cluster, member, 1, 2);
    t.match(cluster.network, [{ kind: 'read-index', to: one }]);
    cluster.stabilize();
    t.same(member.reads, [
      { requestId: 1, index: 2 },
      { requestId: 2, index: 2 },
    ]);
  }
  t.end();
});

t.test('checklist 31: a follower without a leader, or that loses it, refuses', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const follower = cluster.member(2);
  read(cluster, follower, 1);
  t.same(follower.reads, [{ requestId: 1, index: null }]);
  cluster.elect(1);
  read(cluster, follower, 2);
  cluster.take();
  cluster.deliver(vote('3->2', { term: 2, lastIndex: 1, lastTerm: 1, transfer: true }));
  t.same(follower.reads[1], { requestId: 2, index: null });
  t.end();
});

t.test('checklist 31: an answer that never comes is refused after an election timeout', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  const follower = cluster.member(2);
  read(cluster, follower, 1);
  cluster.take();
  cluster.flow(electionTicks - 1);
  t.same(follower.reads, []);
  cluster.flow(1);
  t.same(follower.reads, [{ requestId: 1, index: null }]);
  t.end();
});

t.test('checklist 31: an answer meant for an earlier incarnation is not taken', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  const follower = cluster.member(2);
  read(cluster, follower, 1);
  cluster.stabilize((message) => message.kind !== 'read-index-reply');
  const late = cluster.take();
  t.equal(late.length, 1);
  propose(cluster, leader, 'a');
  cluster.stabilize();
  cluster.crash(follower);
  cluster.restart(follower);
  cluster.flow(1);
  read(cluster, follower, 1);
  for (const message of late) cluster.deliver(message);
  t.same(
    follower.reads.filter((answer) => answer.index !== null && answer.index < 2),
    [],
  );
  t.end();
});

t.test('checklist 31: one who does not lead refuses what is forwarded to it', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.deliver({ kind: 'read-index', from: three!, to: two!, term: 1, requestId: 5 });
  t.match(cluster.take(), [{ kind: 'read-index-reply', to: three, requestId: 5, ok: false }]);
  t.end();
});

/** Member 1 believes to lead term 1; the others have a leader of term 2 that committed more. */
function twoLeaders(config: Partial<CoreConfig> = {}): { cluster: Cluster; old: Member } {
  const cluster = new Cluster({ voters: [1, 2, 3], config });
  const old = cluster.elect(1);
  old.isRunning = false;
  cluster.flow(4 * electionTicks);
  propose(cluster, cluster.leader!, 'a');
  cluster.stabilize();
  old.isRunning = true;
  return { cluster, old };
}

t.test('checklist 31: a leader that was replaced never answers', (t) => {
  const { cluster, old } = twoLeaders();
  t.equal(old.core.role, 'leader');
  read(cluster, old, 1);
  t.same(old.reads, []);
  cluster.stabilize();
  t.same(old.reads, [{ requestId: 1, index: null }]);
  t.end();
});

t.test('checklist 31: the seeded defect answers with what is stale', (t) => {
  const { cluster, old } = twoLeaders({ defects: new Set<Defect>(['read-without-quorum']) });
  read(cluster, old, 1);
  t.same(old.reads, [{ requestId: 1, index: 1 }]);
  t.ok(cluster.checker.commitMax > 1);
  t.end();
});

t.test('readIndex: a leader on its own answers at once', (t) => {
  const cluster = new Cluster({ voters: [1], learners: [2] });
  const leader = cluster.elect(1);
  read(cluster, leader, 1);
  t.same(leader.reads, [{ requestId: 1, index: 1 }]);
  t.end();
});

t.test('readIndex: forwarded reads are refused when the leader steps down', (t) => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  const leader = cluster.elect(1);
  read(cluster, cluster.member(2), 1);
  cluster.stabilize((message) => message.kind === 'read-index');
  cluster.take();
  cluster.flow(electionTicks, (message) => message.to === one);
  t.equal(leader.core.role, 'follower');
  t.match(cluster.member(2).reads, [{ requestId: 1, index: null }]);
  t.end();
});
