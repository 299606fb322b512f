import { memberId } from '../../src/base/ids.js';
import type { Prng } from '../../src/base/prng.js';
import type { ConfChange } from '../../src/raft/core/index.js';
import { CallError } from '../../src/rpc/service.js';
import { Cluster as ClusterService, type Member } from '../../src/wire/gen/etcdserverpb.js';
import { pause } from './client.js';
import { type Cluster, peerUrlOf } from './cluster.js';
import type { Knobs } from './knobs.js';
import type { Machine } from './machine.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';

export interface OperatorOptions {
  readonly cluster: Cluster;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly knobs: Knobs;
  readonly prng: Prng;
}

const owner = 'operator';
const votersMax = 7;

/**
 * Whoever runs the cluster: adds members as learners and promotes them, removes members, swaps several at once, and
 * replaces those whose disk is damaged, by the documented steps. Looks at the member list before each step, since the
 * outcome of the last may be unknown.
 */
export class Operator {
  readonly #cluster: Cluster;
  readonly #scheduler: Scheduler;
  readonly #trace: Trace;
  readonly #knobs: Knobs;
  readonly #prng: Prng;
  #isActive = true;
  /** Requests and proposals under way. */
  #underWay = 0;

  constructor(options: OperatorOptions) {
    this.#cluster = options.cluster;
    this.#scheduler = options.scheduler;
    this.#trace = options.trace;
    this.#knobs = options.knobs;
    this.#prng = options.prng;
  }

  start(): void {
    const { membershipMs, rotMs } = this.#knobs.faults;
    if (membershipMs === 0 && rotMs === 0) return;
    this.#scheduler.after(0, owner, 'begin', () => {
      this.#work(membershipMs > 0 ? membershipMs : 5_000).catch((error: unknown) =>
        this.#scheduler.fail(error),
      );
    });
  }

  /** Finishes the request under way, and asks for no more but to leave a joint configuration. */
  stop(): void {
    this.#isActive = false;
    this.#finish().catch((error: unknown) => this.#scheduler.fail(error));
  }

  /** Nothing that was asked for can still come: an answer, or the end of the request's time, was seen for all. */
  get isIdle(): boolean {
    return this.#underWay === 0;
  }

  async #finish(): Promise<void> {
    // A change under way may still lead into a joint configuration.
    while (!this.isIdle || this.#cluster.leader === undefined || this.#leaveJoint()) {
      await pause(this.#scheduler, owner, 500);
    }
  }

  async #work(meanMs: number): Promise<void> {
    while (this.#isActive) {
      await pause(this.#scheduler, owner, -Math.log(1 - this.#prng.float()) * meanMs);
      if (!this.#isActive) return;
      const members = await this.#list();
      if (members !== null && this.#isActive) await this.#oneChange(members);
    }
  }

  async #oneChange(members: readonly Member[]): Promise<void> {
    this.#takeAwayRemoved(members);
    if (this.#leaveJoint()) return;
    const learner = members.find((member) => member.isLearner);
    if (learner !== undefined) return this.#onLearner(learner);
    const condemned = [...this.#cluster.condemned][0];
    if (condemned !== undefined && members.some(({ ID }) => ID === condemned.memberId)) {
      return this.#remove(condemned.memberId);
    }
    if (this.#knobs.faults.membershipMs === 0) {
      if (members.length < this.#knobs.members) await this.#addLearner();
      return;
    }
    const canShrink = members.length > 1;
    if (members.length >= votersMax || (canShrink && this.#prng.chance(0.45))) {
      await this.#remove(this.#prng.pick(members).ID);
    } else await this.#addLearner();
  }

  /** A learner that never got a machine (its addition was not acknowledged) goes; another is promoted. */
  async #onLearner(learner: Member): Promise<void> {
    const machine = this.#cluster.machines.find(({ memberId: id }) => id === learner.ID);
    if (machine === undefined || this.#prng.chance(0.1)) return this.#remove(learner.ID);
    if (machine.member === null) return;
    const swap = this.#knobs.faults.membershipMs > 0 && this.#prng.chance(0.4);
    if (swap) return this.#swap(machine);
    const leader = this.#cluster.leader ?? machine;
    await this.#ask(`promote ${machine.name}`, leader, (channel) =>
      channel.unary(ClusterService.methods.MemberPromote, { ID: learner.ID }, timeout),
    );
  }

  async #addLearner(): Promise<void> {
    const name = this.#cluster.nextName;
    const request = { peerURLs: [peerUrlOf(name)], isLearner: true };
    const response = await this.#ask(`add ${name}`, this.#anyone(), (channel) =>
      channel.unary(ClusterService.methods.MemberAdd, request, timeout),
    );
    const id = response?.member?.ID;
    if (id === undefined) return;
    this.#cluster.addMachine(memberId(id), null, name).start();
  }

  async #remove(id: bigint): Promise<void> {
    await this.#ask(`remove ${id.toString(16)}`, this.#anyone(), (channel) =>
      channel.unary(ClusterService.methods.MemberRemove, { ID: id }, timeout),
    );
  }

  /** Promotes the learner and drops others in one step, through a joint configuration. etcd's API has no call for that. */
  async #swap(learner: Machine): Promise<void> {
    const proposer = this.#cluster.leader?.member;
    if (proposer === undefined || proposer === null) return;
    const { voters } = proposer.raft().conf;
    const leaving = this.#prng.shuffle([...voters]).slice(0, this.#prng.int(1, 3));
    if (leaving.length >= voters.length) return;
    this.#trace.note(owner, 'swaps', () => `${leaving.length} voters for ${learner.name}`);
    const steps = [
      { kind: 'add-voter' as const, id: learner.memberId },
      ...leaving.map((id) => ({ kind: 'remove' as const, id })),
    ];
    this.#propose({
      steps,
      joint: this.#prng.pick(['auto', 'always']),
      context: new Uint8Array(0),
    });
    await pause(this.#scheduler, owner, this.#prng.int(10, 3_000));
  }

  /** Leaves a joint configuration that does not end by itself. False: there is none. */
  #leaveJoint(): boolean {
    const conf = this.#cluster.leader?.member?.raft().conf;
    if (conf === undefined || conf.votersOutgoing.length === 0) return false;
    if (!conf.autoLeave) this.#propose({ steps: [], joint: 'auto', context: new Uint8Array(0) });
    return true;
  }

  /** At the leader, past the API. */
  #propose(change: ConfChange): void {
    const { signal } = new AbortController();
    const leader = this.#cluster.leader;
    const proposal = leader?.member?.proposeConfChange(change, signal);
    if (leader === undefined || proposal === undefined) return;
    this.#underWay++;
    const process = leader.process();
    let isSettled = false;
    const settle = (what: string, details = '') => {
      forget?.();
      if (isSettled) return;
      isSettled = true;
      this.#underWay--;
      this.#trace.note(owner, what, () => details);
    };
    const forget = process?.onDeath(() => settle('change lost'));
    proposal.then(
      () => settle('changed'),
      (error: unknown) => settle('change failed', String(error)),
    );
  }

  /** Members that are removed may run on for a while, not knowing it; then their machines are taken away. */
  #takeAwayRemoved(members: readonly Member[]): void {
    const ids = new Set(members.map(({ ID }) => ID));
    for (const machine of [...this.#cluster.machines]) {
      if (!ids.has(machine.memberId) && this.#prng.chance(0.5)) {
        this.#trace.note(machine.name, 'is taken away');
        this.#cluster.removeMachine(machine);
      }
    }
  }

  async #list(): Promise<readonly Member[] | null> {
    const response = await this.#ask('list members', this.#anyone(), (channel) =>
      channel.unary(ClusterService.methods.MemberList, { linearizable: true }, timeout),
    );
    return response === null ? null : response.members;
  }

  #anyone(): Machine {
    const serving = this.#cluster.machines.filter(({ member }) => member !== null);
    return this.#prng.pick(serving.length > 0 ? serving : this.#cluster.machines);
  }

  async #ask<T>(
    what: string,
    machine: Machine,
    make: (channel: ReturnType<Cluster['connectTo']>) => Promise<T>,
  ): Promise<T | null> {
    this.#underWay++;
    try {
      const answer = await make(this.#cluster.connectTo(machine, owner, this.#prng));
      this.#trace.note(owner, 'done', () => `${what} at ${machine.name}`);
      return answer;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.#trace.note(owner, 'refused', () => `${what} at ${machine.name}: ${error.message}`);
      return null;
    } finally {
      this.#underWay--;
    }
  }
}

const timeout = { timeoutMs: 8_000 };
