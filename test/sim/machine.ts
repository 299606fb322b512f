import { assert } from '../../src/base/assert.js';
import { DiskError } from '../../src/base/disk.js';
import { type ClusterId, formatId, type MemberId } from '../../src/base/ids.js';
import type { Logger } from '../../src/base/logger.js';
import type { Prng } from '../../src/base/prng.js';
import type {
  NodeProbe,
  PeerHandler,
  PeerMessage,
  PeerTransport,
} from '../../src/raft/node/index.js';
import type { ServiceImplementation } from '../../src/rpc/service.js';
import {
  apiServices,
  Member,
  type MemberLimits,
  type MemberOptions,
} from '../../src/store/index.js';
import type { MemberRecord } from '../../src/wire/gen/store.js';
import { fakePasswords } from '../store/auth/fake-passwords.js';
import type { ServingProcess, SimHost } from './channel.js';
import { IncarnationClock, MachineTime } from './clock.js';
import { countedDisk } from './counted-disk.js';
import { SimDbHome } from './db.js';
import { SimDisk, type SimDiskKnobs } from './disk.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';

/** What machines share. */
export interface MachineWorld {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly clusterId: ClusterId;
  readonly limits: MemberLimits;
  readonly defects: MemberOptions['defects'];
  /** Where other members may be found by one that does not know the membership. */
  initialPeers(): ReadonlyMap<MemberId, readonly string[]>;
  transport(machine: Machine, process: Process, handler: PeerHandler): PeerTransport;
  probe(machine: Machine, process: Process): NodeProbe;
  /** The process on the machine died, or stopped. */
  onDeath(machine: Machine): void;
  /** The process could not go on, or could not start; it is dead. Not called for faults that were injected into it. */
  onBroken(machine: Machine, error: unknown): void;
}

export interface MachineOptions {
  readonly name: string;
  readonly memberId: MemberId;
  /** Null: joins a running cluster. */
  readonly bootstrap: readonly MemberRecord[] | null;
  readonly disk: Partial<SimDiskKnobs>;
  readonly databaseMsMax: number;
  readonly prng: Prng;
}

/** How a process ends: alone, or with its machine's power. */
export type Death = 'process' | 'power';

/** One incarnation of a member: everything it holds is dead once it is. */
export class Process implements ServingProcess {
  readonly clock: IncarnationClock;
  member: Member | null = null;
  services: ReadonlyMap<string, ServiceImplementation> = new Map();
  /** Actions left until it dies in the middle of an event; 0: does not. */
  actionsLeft = 0;
  #isAlive = true;
  readonly #onDeath = new Set<() => void>();

  constructor(time: MachineTime) {
    this.clock = new IncarnationClock(time);
  }

  isAlive(): boolean {
    return this.#isAlive;
  }

  onDeath(callback: () => void): () => void {
    this.#onDeath.add(callback);
    return () => this.#onDeath.delete(callback);
  }

  die(): void {
    this.#isAlive = false;
    this.clock.kill();
    for (const callback of this.#onDeath) callback();
    this.#onDeath.clear();
  }
}

/** A machine with a disk, a database and at most one process: a member of the cluster, or what was one. */
export class Machine implements SimHost {
  readonly name: string;
  readonly memberId: MemberId;
  readonly machine: MachineTime;
  readonly disk: SimDisk;
  readonly db: SimDbHome;
  readonly #world: MachineWorld;
  readonly #options: MachineOptions;
  readonly #prng: Prng;
  #process: Process | null = null;

  constructor(world: MachineWorld, options: MachineOptions) {
    const { prng, name } = options;
    this.name = name;
    this.memberId = options.memberId;
    this.#world = world;
    this.#options = options;
    this.#prng = prng;
    this.machine = new MachineTime({
      scheduler: world.scheduler,
      owner: name,
      localStart: prng.int(0, 1_000_000_000),
      wall: 1_750_000_000_000 + prng.int(-5_000, 5_000),
    });
    this.disk = new SimDisk(prng.fork(), new IncarnationClock(this.machine), options.disk);
    const databasePrng = prng.fork();
    this.db = new SimDbHome({
      prng: prng.fork(),
      schedule: (operation, done) => {
        const isSlow = operation === 'sync' || operation === 'promote';
        const delay = databasePrng.float() * options.databaseMsMax * (isSlow ? 5 : 1);
        this.machine.plan(delay, `db ${operation}`, done);
        if (operation !== 'read') this.#process?.isAlive() && this.#onAction(this.#process);
      },
    });
  }

  /** The process that clients reach; null while none serves. */
  process(): Process | null {
    const process = this.#process;
    return process === null || process.services.size === 0 ? null : process;
  }

  /** A process is there, serving or starting. */
  get isUp(): boolean {
    return this.#process !== null;
  }

  /** The member, while it serves. */
  get member(): Member | null {
    return this.#process?.member ?? null;
  }

  start(): void {
    assert(this.#process === null, `${this.name} runs already`);
    if (this.machine.isPaused) this.machine.resume();
    const process = new Process(this.machine);
    this.#process = process;
    this.#world.trace.note(this.name, 'starts', () => `member ${formatId(this.memberId)}`);
    this.machine.plan(0, 'start', () => {
      if (process.isAlive()) this.#open(process);
    });
  }

  /** Ends the process at once. With `power` the machine's caches are lost too. */
  kill(death: Death): void {
    const process = this.#process;
    if (process === null) return;
    this.#world.trace.note(this.name, 'dies', () => death);
    this.#process = null;
    process.die();
    this.disk.crash(death);
    if (death === 'power') this.db.crash();
    else this.db.kill();
    this.#world.onDeath(this);
  }

  /** Stops the member in an orderly way; its process ends when that is done. */
  async stop(): Promise<void> {
    const process = this.#process;
    const member = process?.member;
    if (process === null || process === undefined || member === null || member === undefined)
      return;
    this.#world.trace.note(this.name, 'stops');
    // The listener closes first, as when the program is told to end.
    process.services = new Map();
    try {
      await member.close();
    } catch (error) {
      // Writing the last of it may fail as any write, and is told of as a failure of the member.
      if (!isInjected(error)) throw error;
    }
    if (process.isAlive()) this.kill('process');
  }

  /** The process dies after so many more of its actions, in the middle of an event. */
  killAfter(actions: number): void {
    if (this.#process !== null) this.#process.actionsLeft = actions;
  }

  #onAction(process: Process): void {
    if (!process.isAlive() || process.actionsLeft === 0) return;
    process.actionsLeft--;
    if (process.actionsLeft === 0) this.kill(this.#prng.chance(0.5) ? 'power' : 'process');
  }

  #open(process: Process): void {
    const options = this.#memberOptions(process);
    Member.open(options).then(
      (member) => {
        if (!process.isAlive()) return;
        process.member = member;
        const services = apiServices(member);
        process.services = new Map(services.map((service) => [service.descriptor.name, service]));
        this.#world.trace.note(this.name, 'serves', () => `applied ${member.appliedIndex()}`);
      },
      (error: unknown) => this.#onFatal(process, error),
    );
  }

  #memberOptions(process: Process): MemberOptions {
    const { name, bootstrap } = this.#options;
    const onAction = () => this.#onAction(process);
    return {
      identity: {
        clusterId: this.#world.clusterId,
        memberId: this.memberId,
        name,
        clientUrls: [`http://${name}:2379`],
      },
      bootstrap,
      initialPeers: this.#world.initialPeers(),
      disk: countedDisk(this.disk.mount(), onAction),
      walDir: 'member/wal',
      snapshotDir: 'member/snap',
      valuesDir: 'member/values',
      db: this.db,
      transport: (mailbox) => {
        const transport = this.#world.transport(this, process, mailbox);
        return {
          ...transport,
          send: (to: MemberId, message: PeerMessage) => {
            onAction();
            transport.send(to, message);
          },
        };
      },
      clock: process.clock,
      prng: this.#prng.fork(),
      logger: this.#logger(process),
      limits: this.#world.limits,
      version: { flotilla: '0.0.0', etcd: '3.7.0' },
      // Clients show a certificate of root's; who wants to be somebody else logs in.
      auth: { passwords: fakePasswords, tokens: simTokens, trustsCertificates: true },
      defects: this.#world.defects,
      onFatal: (error) => this.#onFatal(process, error),
      probe: this.#world.probe(this, process),
    };
  }

  /** Log lines go to the trace. One about a broken assertion means that the member goes on although it must not. */
  #logger(process: Process): Logger {
    const { trace } = this.#world;
    const line =
      (level: string): Logger['info'] =>
      (message, fields = {}) => {
        if (!process.isAlive()) return;
        const list = () =>
          Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
        trace.note(this.name, `log ${level}`, () => [message, ...list()].join(' '));
        if (level === 'error' && list().some((field) => field.includes('AssertionError'))) {
          this.#onFatal(process, new Error([message, ...list()].join(' ')));
        }
      };
    const logger: Logger = {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: () => logger,
    };
    return logger;
  }

  #onFatal(process: Process, error: unknown): void {
    if (!process.isAlive()) return;
    this.#world.trace.note(this.name, 'fails', () => String(error));
    this.kill('process');
    if (!isInjected(error)) this.#world.onBroken(this, error);
  }
}

/** The index that follows tells them apart. */
const simTokens = { kind: 'simple', newPrefix: () => 'sim' } as const;

/** Is it, or was it caused by, what a faulty disk reports? */
function isInjected(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DiskError) return true;
  }
  return false;
}
