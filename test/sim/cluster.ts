import { defined } from '../../src/base/assert.js';
import type { Defect } from '../../src/base/defect.js';
import type { MemberId } from '../../src/base/ids.js';
import type { Prng } from '../../src/base/prng.js';
import type { NodeProbe, PeerHandler, PeerTransport } from '../../src/raft/node/index.js';
import {
  computeClusterId,
  computeMemberId,
  defaultLimits,
  type MemberLimits,
} from '../../src/store/index.js';
import { MemberRecord } from '../../src/wire/gen/store.js';
import { AuthLog } from './auth-log.js';
import { type ClientNetworkKnobs, SimChannel } from './channel.js';
import { IncarnationClock, MachineTime } from './clock.js';
import { SimFailure } from './failure.js';
import { Invariants } from './invariants.js';
import type { Knobs } from './knobs.js';
import { LibraryChannel } from './library-channel.js';
import { type Death, Machine, type MachineWorld, type Process } from './machine.js';
import { SimNetwork } from './network.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';

export interface ClusterOptions {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly prng: Prng;
  readonly knobs: Knobs;
  readonly defects: ReadonlySet<Defect>;
}

/** A cluster of members on machines, with the network between them and the invariants over them. */
export class Cluster implements MachineWorld {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly clusterId: MachineWorld['clusterId'];
  readonly limits: MemberLimits;
  readonly defects: ReadonlySet<Defect>;
  readonly network: SimNetwork;
  readonly invariants = new Invariants();
  /** What the log says about users and what they may do. */
  readonly authLog = new AuthLog();
  /** All machines there are: members, members to be, and those removed that still run. */
  readonly machines: Machine[] = [];
  /** Machines whose process was refused by its own disk: dead for good, to be replaced. */
  readonly condemned = new Set<Machine>();
  /** Machines that fail to start are condemned rather than a failure of the run. */
  readonly suspects = new Set<Machine>();
  clientNetwork: ClientNetworkKnobs;
  readonly #knobs: Knobs;
  readonly #prng: Prng;
  readonly #byName = new Map<string, Machine>();

  constructor(options: ClusterOptions) {
    const { scheduler, trace, prng, knobs, defects } = options;
    this.scheduler = scheduler;
    this.trace = trace;
    this.defects = defects;
    this.#knobs = knobs;
    this.#prng = prng;
    this.clientNetwork = knobs.clientNetwork;
    this.limits = limitsOf(knobs);
    this.network = new SimNetwork({ scheduler, trace, prng: prng.fork(), knobs: knobs.network });
    const records = Array.from({ length: knobs.members }, (_, i) => {
      const name = `m${i + 1}`;
      const peerUrls = [peerUrlOf(name)];
      return MemberRecord.create({ id: computeMemberId(peerUrls, 'sim', null), name, peerUrls });
    });
    this.clusterId = computeClusterId(records.map((record) => record.id as MemberId));
    for (const record of records) this.addMachine(record.id as MemberId, records, record.name);
    for (const machine of this.machines) machine.start();
  }

  /** Puts a new machine in place; `bootstrap` null: its member joins. */
  addMachine(
    memberId: MemberId,
    bootstrap: readonly MemberRecord[] | null,
    name = this.nextName,
  ): Machine {
    const { disk, databaseMsMax, drift, hasRacingClock } = this.#knobs;
    const machine = new Machine(this, {
      name,
      memberId,
      bootstrap,
      disk,
      databaseMsMax,
      prng: this.#prng.fork(),
    });
    const isRacing = hasRacingClock && this.machines.length === 0;
    const rate = 1 + drift * (2 * this.#prng.float() - 1);
    machine.machine.setRate(isRacing ? 2 : rate);
    this.machines.push(machine);
    this.#byName.set(name, machine);
    return machine;
  }

  /** Names of machines are never used again. */
  get nextName(): string {
    return `m${this.#byName.size + 1}`;
  }

  /** Takes a machine away for good. */
  removeMachine(machine: Machine): void {
    machine.kill('power');
    this.condemned.delete(machine);
    this.machines.splice(this.machines.indexOf(machine), 1);
  }

  /** A client's connection to a member of its choice. */
  connect(client: string, prng: Prng): { readonly channel: SimChannel; readonly server: string } {
    const host = prng.pick(this.machines);
    return { channel: this.connectTo(host, client, prng), server: host.name };
  }

  /** The client library, for a client that knows all members that are there now. */
  connectLibrary(client: string, prng: Prng): { channel: LibraryChannel; server: string } {
    const { scheduler, machines } = this;
    const hosts = new Map(machines.map((machine) => [`http://${machine.name}:2379`, machine]));
    const time = new MachineTime({ scheduler, owner: client, localStart: 0, wall: 0 });
    const channel = new LibraryChannel({
      endpoints: prng.shuffle([...hosts.keys()]),
      clock: new IncarnationClock(time),
      prng,
      timeoutMs: this.#knobs.clients.timeoutMs,
      openChannel: (url) => this.connectTo(defined(hosts.get(url)), client, prng),
    });
    return { channel, server: 'any' };
  }

  connectTo(host: Machine, client: string, prng: Prng): SimChannel {
    const { scheduler } = this;
    return new SimChannel({ scheduler, prng, client, host, knobs: () => this.clientNetwork });
  }

  /** Machines whose process runs or starts. */
  get up(): Machine[] {
    return this.machines.filter((machine) => machine.isUp);
  }

  /** Who leads in the newest term that any running member knows of. */
  get leader(): Machine | undefined {
    return this.machines
      .filter((machine) => machine.member?.leadership.isLeader === true)
      .sort((a, b) => (b.member?.leadership.term ?? 0) - (a.member?.leadership.term ?? 0))[0];
  }

  /** Restarts a machine's process in a while. */
  restartLater(machine: Machine, delayMs: number): void {
    this.scheduler.after(delayMs, 'world', 'restart', () => {
      const isWanted = this.machines.includes(machine) && !this.condemned.has(machine);
      if (isWanted && !machine.isUp) machine.start();
    });
  }

  kill(machine: Machine, death: Death): void {
    machine.kill(death);
  }

  /** The checks after an event: whatever it was, only its owner can have changed. */
  check(owner: string): void {
    const machine = this.#byName.get(owner);
    const member = machine?.member;
    if (machine === undefined) return;
    this.invariants.check(machine.memberId);
    if (member === null || member === undefined) return;
    const applied = member.appliedIndex();
    if (this.invariants.checkApplied(machine.memberId, applied)) {
      this.invariants.onStateHash(machine.memberId, applied, member.store.appliedHash);
    }
  }

  initialPeers(): ReadonlyMap<MemberId, readonly string[]> {
    return new Map(this.machines.map(({ memberId, name }) => [memberId, [peerUrlOf(name)]]));
  }

  transport(machine: Machine, process: Process, handler: PeerHandler): PeerTransport {
    const { memberId } = machine;
    const isAlive = () => process.isAlive();
    this.network.attach(memberId, { machine: machine.machine, handler, isAlive });
    return this.network.transport(memberId, isAlive, (message) => {
      if (message.kind !== 'raft') return;
      this.#watch(() => this.invariants.onSend(memberId, message.message));
    });
  }

  probe({ memberId }: Machine, process: Process): NodeProbe {
    const watch = (check: () => void) => {
      if (process.isAlive()) this.#watch(check);
    };
    return {
      onStart: (core, recovered) => watch(() => this.invariants.onStart(memberId, core, recovered)),
      onReady: (ready) =>
        watch(() => {
          this.invariants.onReady(memberId, ready);
          for (const entry of ready.committed) this.authLog.onEntry(entry);
        }),
      onDurable: (sequence) => watch(() => this.invariants.onDurable(memberId, sequence)),
    };
  }

  onDeath(machine: Machine): void {
    this.invariants.onStop(machine.memberId);
    this.network.detach(machine.memberId, { noticeChance: 0.7 });
    this.restartLater(machine, this.#prng.int(10, 5_000));
  }

  onBroken(machine: Machine, error: unknown): void {
    if (this.suspects.has(machine)) {
      this.trace.note(machine.name, 'is condemned', () => String(error));
      this.condemned.add(machine);
      return;
    }
    this.scheduler.fail(asFailure(machine.name, error));
  }

  /** What a check finds ends the run; it must not disturb the member that it looks at. */
  #watch(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.scheduler.fail(error);
    }
  }
}

/** What a member that could not go on says about itself. */
export function asFailure(owner: string, error: unknown): SimFailure {
  if (error instanceof SimFailure) return error;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new SimFailure(
    'a member neither crashes nor refuses to start by itself',
    `${owner}: ${text}`,
  );
}

export function peerUrlOf(name: string): string {
  return `http://${name}:2380`;
}

function limitsOf({ member }: Knobs): MemberLimits {
  return {
    ...defaultLimits,
    // Changes of every kind are tried, the risky ones too.
    strictReconfigCheck: false,
    preVote: member.preVote,
    catchUpEntries: member.catchUpEntries,
    syncAfterEntries: member.syncAfterEntries,
    walSegmentBytes: member.segmentBytes,
    valueFileBytesMin: member.valueFileBytesMin,
    messageBytesMax: member.messageBytesMax,
    inflightMessagesMax: member.inflightMessagesMax,
    snapshotChunkBytes: member.snapshotChunkBytes,
    valueCacheBytesMax: 100_000,
    progressNotifyMs: 3_000,
  };
}
