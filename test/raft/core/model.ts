import { assert } from '../../../src/base/assert.js';
import { emptyBytes, fromLatin1 } from '../../../src/base/bytes.js';
import type { Defect } from '../../../src/base/defect.js';
import { memberId } from '../../../src/base/ids.js';
import { Prng } from '../../../src/base/prng.js';
import {
  type ConfChange,
  type ConfChangeStep,
  type Message,
  membersOf,
} from '../../../src/raft/core/index.js';
import { Cluster, type Member } from './cluster.js';

/** What a run may do; the rest is the seed's. */
export interface ModelOptions {
  readonly steps: number;
  readonly defects?: ReadonlySet<Defect>;
  readonly reads?: 'quorum' | 'lease';
}

/**
 * One random history of a cluster, by seed: deliveries in any order, losses, repetitions, partitions, crashes at any
 * point of the disk's progress, membership changes, snapshots, transfers, reads. The cluster's checker watches every
 * step. At the end all faults stop, and the cluster must elect, commit and catch everybody up.
 */
export function runModel(seed: number, options: ModelOptions): Cluster {
  const model = new Model(seed, options);
  for (let step = 0; step < options.steps; step++) model.step();
  model.recover();
  return model.cluster;
}

const messagesMax = 150;
const idsMax = 6;

class Model {
  readonly cluster: Cluster;
  readonly #prng: Prng;
  /** A message from one side to the other is lost while this is set. */
  #isCut: (message: Message) => boolean = () => false;
  #requests = 0;
  #proposals = 0;
  /** For each read that waits: what it must see at least. */
  readonly #reads = new Map<number, number>();
  readonly #actions: readonly (readonly [weight: number, act: (member: Member) => void])[];
  readonly #weightTotal: number;

  constructor(seed: number, options: ModelOptions) {
    this.#prng = new Prng(seed);
    const prng = this.#prng;
    const size = prng.pick([1, 2, 3, 3, 3, 4, 5]);
    this.cluster = new Cluster({
      voters: Array.from({ length: size }, (_, i) => i + 1),
      seed: prng.uint32(),
      startsFromSnapshot: prng.chance(0.5),
      config: {
        electionTicks: prng.int(3, 8),
        heartbeatTicks: prng.int(1, 3),
        preVote: prng.chance(0.8),
        checkQuorum: prng.chance(0.8),
        messageBytesMax: prng.pick([1, 60, 4096]),
        inflightMessagesMax: prng.int(1, 6),
        inflightBytesMax: prng.pick([1, 100, 10000]),
        uncommittedBytesMax: prng.pick([5, 10000]),
        committedBytesMax: prng.pick([1, 100, 10000]),
        ...(options.defects === undefined ? {} : { defects: options.defects }),
      },
    });
    for (const member of this.cluster.members.values()) hold(member, true);
    // Every run has its own mixture of faults; some have none of one kind.
    const often = (weight: number) => prng.pick([0, weight, weight, 3 * weight]);
    this.#actions = [
      [30, (m) => this.#tick(m)],
      [120, () => this.#deliver()],
      [40, (m) => this.#completeWrites(m)],
      [20, (m) => this.#apply(m)],
      [20, (m) => this.#propose(m)],
      [10, (m) => this.#read(m)],
      [often(2), (m) => this.#crash(m)],
      [8, () => this.#restart()],
      [often(2), () => this.#cut()],
      [often(8), (m) => this.#changeConf(m)],
      [often(2), (m) => this.#run(m, () => m.core.transferLeadership(this.#anyone()))],
      [often(6), (m) => this.#run(m, () => m.core.campaign())],
      [often(2), (m) => this.#run(m, () => m.core.onLeaderUnreachable())],
      [often(2), (m) => this.#run(m, () => m.core.onUnreachable(this.#anyone()))],
      [often(3), (m) => this.cluster.snapshot(m, prng.int(0, 5))],
      [5, (m) => this.cluster.sync(m)],
    ];
    this.#weightTotal = this.#actions.reduce((sum, [weight]) => sum + weight, 0);
  }

  step(): void {
    const { running } = this.cluster;
    if (running.length === 0) {
      this.#restart();
      return;
    }
    let draw = this.#prng.int(0, this.#weightTotal);
    for (const [weight, act] of this.#actions) {
      draw -= weight;
      if (draw >= 0) continue;
      act(this.#prng.pick(running));
      return;
    }
  }

  /** Ends all faults; the cluster must come to agree within a bounded time. */
  recover(): void {
    this.#isCut = () => false;
    for (const member of this.cluster.members.values()) {
      if (!member.isRunning) this.cluster.restart(member);
      hold(member, false);
      this.cluster.completeWrites(member, member.writes.length);
      this.cluster.settle(member);
      this.#apply(member, Number.POSITIVE_INFINITY);
    }
    for (let round = 0; round < 300; round++) {
      for (const member of this.cluster.members.values()) {
        this.#tick(member);
        if (member.snapshotsWanted > 0) this.cluster.snapshot(member, 0);
        member.snapshotsWanted = 0;
      }
      this.cluster.stabilize();
      this.#collectReads();
      if (this.#isSettled()) return;
    }
    const states = this.cluster.running.map((m) => `${m.id} ${m.core.role} ${m.core.commit}`);
    throw new Error(`the cluster does not recover: ${states.join(', ')}`);
  }

  /** Somebody leads, nothing is left to commit, no joint configuration, and every member has everything. */
  #isSettled(): boolean {
    const leader = this.cluster.running.find((member) => member.core.role === 'leader');
    if (leader === undefined) return false;
    const { conf, commit, lastIndex, term } = leader.core.status();
    if (commit < lastIndex || conf.votersOutgoing.length > 0) return false;
    if (commit === 0 || leader.machine.term !== term) return false;
    return membersOf(conf).every((id) => this.cluster.member(id).machine.index === commit);
  }

  #run(member: Member, input: () => void): void {
    this.cluster.run(member, input);
    this.#collectReads();
  }

  /** What a core calls an idle tick only passes time. */
  #tick(member: Member): void {
    const { core, reads } = member;
    const before = { idleTicks: core.idleTicks, role: core.role, term: core.term };
    const sent = this.cluster.network.length;
    const answered = reads.length;
    this.cluster.run(member, () => core.tick());
    if (before.idleTicks > 0) {
      const isSilent = this.cluster.network.length === sent && reads.length === answered;
      assert(isSilent, 'an idle tick is silent');
      assert(core.role === before.role && core.term === before.term);
      assert(core.idleTicks === before.idleTicks - 1);
    }
    this.#collectReads();
  }

  #collectReads(): void {
    for (const member of this.cluster.members.values()) {
      for (const { requestId, index } of member.reads.splice(0)) {
        const atLeast = this.#reads.get(requestId);
        this.#reads.delete(requestId);
        if (atLeast === undefined || index === null) continue;
        assert(index >= atLeast, `read ${requestId} at ${index}, but ${atLeast} was committed`);
      }
    }
  }

  #deliver(): void {
    const { network } = this.cluster;
    while (network.length > messagesMax) network.splice(this.#prng.int(0, network.length), 1);
    if (network.length === 0) return;
    // Mostly in order.
    const at = this.#prng.chance(0.7) ? 0 : this.#prng.int(0, network.length);
    const message = network[at] as Message;
    if (!this.#prng.chance(0.05)) network.splice(at, 1);
    if (this.#prng.chance(0.03) || this.#isCut(message)) return;
    this.cluster.deliver(message);
    this.#collectReads();
  }

  #completeWrites(member: Member): void {
    if (member.writes.length === 0) return;
    this.cluster.completeWrites(member, this.#prng.int(1, member.writes.length + 1));
    this.cluster.settle(member);
  }

  #apply(member: Member, count = this.#prng.int(1, 5)): void {
    this.cluster.apply(member, count);
    this.cluster.settle(member);
  }

  #propose(member: Member): void {
    const count = this.#prng.int(1, 4);
    const batch = Array.from({ length: count }, () => fromLatin1(`p${this.#proposals++}`));
    this.#run(member, () => member.core.propose(batch));
  }

  #read(member: Member): void {
    const requestId = ++this.#requests;
    this.#reads.set(requestId, this.cluster.checker.commitMax);
    this.#run(member, () => member.core.readIndex(requestId));
  }

  #crash(member: Member): void {
    this.cluster.crash(member, this.#prng.int(0, member.writes.length + 1));
    member.reads.length = 0;
  }

  #restart(): void {
    const down = [...this.cluster.members.values()].filter((member) => !member.isRunning);
    if (down.length > 0) this.cluster.restart(this.#prng.pick(down));
  }

  #cut(): void {
    if (this.#prng.chance(0.5)) {
      this.#isCut = () => false;
      return;
    }
    const leaders = this.cluster.running.filter((member) => member.core.role === 'leader');
    const side = new Set(
      leaders.length > 0 && this.#prng.chance(0.5)
        ? [Number(this.#prng.pick(leaders).id)]
        : [...this.cluster.members.keys()].filter(() => this.#prng.chance(0.5)),
    );
    const oneWay = this.#prng.chance(0.3);
    this.#isCut = (message) => {
      const from = side.has(Number(message.from));
      const to = side.has(Number(message.to));
      return oneWay ? from && !to : from !== to;
    };
  }

  #changeConf(member: Member): void {
    const ids = Array.from({ length: idsMax }, (_, i) => i + 1);
    const steps = this.#prng
      .shuffle(ids)
      .slice(0, this.#prng.int(0, 4))
      .map(
        (id): ConfChangeStep => ({
          kind: this.#prng.pick(['add-voter', 'add-voter', 'add-learner', 'remove']),
          id: memberId(BigInt(id)),
        }),
      );
    const change: ConfChange = { steps, joint: 'auto', context: emptyBytes };
    this.#run(member, () => {
      if (!member.core.proposeConfChange(change).ok) return;
      for (const { id } of steps) this.#ensureMember(Number(id));
    });
  }

  #ensureMember(id: number): void {
    if (!this.cluster.members.has(id)) hold(this.cluster.add(id), true);
  }

  #anyone() {
    return this.#prng.pick([...this.cluster.members.values()]).id;
  }
}

function hold(member: Member, holds: boolean): void {
  member.holdsWrites = holds;
  member.holdsApply = holds;
}
