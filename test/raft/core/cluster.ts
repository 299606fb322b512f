import { assert, defined } from '../../../src/base/assert.js';
import { fromLatin1 } from '../../../src/base/bytes.js';
import { noDefects } from '../../../src/base/defect.js';
import { type MemberId, memberId, noMember } from '../../../src/base/ids.js';
import { Prng } from '../../../src/base/prng.js';
import {
  type ConfState,
  type CoreConfig,
  type DurableWrite,
  type Entry,
  emptyConfState,
  type Index,
  type Message,
  RaftCore,
  type Ready,
  type SnapshotMeta,
} from '../../../src/raft/core/index.js';
import { Checker } from './checker.js';
import { appendToWal, cloneWal, compactWal, termIn, type Wal } from './wal-model.js';

/** Settings that tests use unless they say otherwise. */
export const defaultConfig: Omit<CoreConfig, 'id' | 'prng'> = {
  electionTicks: 10,
  heartbeatTicks: 1,
  preVote: true,
  checkQuorum: true,
  reads: 'quorum',
  messageBytesMax: 4096,
  inflightMessagesMax: 16,
  inflightBytesMax: 1 << 20,
  uncommittedBytesMax: 1 << 20,
  committedBytesMax: 1 << 16,
  defects: noDefects,
};

/** What a state machine has come to: its hash depends on every entry applied. */
export interface Machine {
  readonly index: Index;
  readonly term: number;
  readonly conf: ConfState;
  readonly hash: number;
}

export interface ClusterOptions {
  readonly voters: readonly number[];
  readonly learners?: readonly number[];
  readonly config?: Partial<CoreConfig>;
  readonly seed?: number;
  /**
   * The first members start from a state at index 1 which is not in the log, so that one who joins needs a snapshot.
   * Otherwise all start from the same membership at index 0.
   */
  readonly startsFromSnapshot?: boolean;
  /** Membership at the start; by default all voters and learners, not joint. */
  readonly conf?: ConfState;
  /** Called with every Ready, before it is carried out. */
  readonly onReady?: (member: Member, ready: Ready) => void;
}

/** A log to start from: the terms of its entries from index 1 on. */
export interface SeededLog {
  readonly terms: readonly number[];
  /** By default that of the last entry. */
  readonly term?: number;
  readonly commit?: number;
}

/** Member ids by number. */
export function ids(numbers: readonly number[]): MemberId[] {
  return numbers.map((number) => memberId(BigInt(number)));
}

/** One member: its core, and what a driver would keep beside it. */
export class Member {
  readonly id: MemberId;
  readonly config: CoreConfig;
  core: RaftCore;
  isRunning = true;
  /** Writes complete only when told to. */
  holdsWrites = false;
  /** Entries are applied only when told to. */
  holdsApply = false;
  wal: Wal;
  writes: DurableWrite[] = [];
  machine: Machine;
  machineOnDisk: Machine;
  toApply: Entry[] = [];
  /** The log as the core has it, put together from its writes. */
  log: Wal;
  readonly reads: { readonly requestId: number; readonly index: Index | null }[] = [];
  snapshotsWanted = 0;

  constructor(config: CoreConfig, start: Machine) {
    this.id = config.id;
    this.config = config;
    const base = { index: start.index, term: start.term };
    const hardState = { term: start.term, vote: noMember, commit: start.index };
    this.wal = { hardState, base, entries: [] };
    this.log = cloneWal(this.wal);
    this.machine = start;
    this.machineOnDisk = start;
    this.core = new RaftCore(config, { ...this.wal, conf: start.conf, applied: start.index });
  }

  /** The core as it comes back from the disk. */
  restart(): void {
    const { wal, machineOnDisk } = this;
    // The state machine's disk may have got ahead of the log's, which may even hold something else at its index: what was
    // overwritten, with the write that does so lost. Then the state is where the log starts.
    if (termIn(wal, machineOnDisk.index) !== machineOnDisk.term) {
      wal.base = { index: machineOnDisk.index, term: machineOnDisk.term };
      wal.entries = [];
    }
    this.machine = this.machineOnDisk;
    this.log = cloneWal(wal);
    this.isRunning = true;
    this.core = new RaftCore(this.config, {
      hardState: wal.hardState,
      base: { ...wal.base },
      entries: [...wal.entries],
      conf: this.machine.conf,
      applied: this.machine.index,
    });
  }
}

/**
 * Several cores with a network, disks and state machines that do only what they are told: what every test of the core is
 * built on. All that happens is watched by a {@link Checker}.
 */
export class Cluster {
  readonly members = new Map<number, Member>();
  /** Messages sent and not yet delivered, in the order sent. */
  network: Message[] = [];
  readonly checker = new Checker();
  readonly #prng: Prng;
  readonly #options: ClusterOptions;
  /** State by index, for whoever fetches a snapshot. */
  readonly #snapshots = new Map<Index, Machine>();
  /** What a member starts from that joins later. */
  readonly #joinsFrom: Machine;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed ?? 1);
    const conf = options.conf ?? {
      ...emptyConfState,
      voters: ids(options.voters),
      learners: ids(options.learners ?? []),
    };
    const at = options.startsFromSnapshot === true ? 1 : 0;
    const start: Machine = { index: at, term: at, conf, hash: 0 };
    this.#joinsFrom = at === 0 ? start : { index: 0, term: 0, conf: emptyConfState, hash: 0 };
    this.checker.onStart(at);
    for (const id of [...options.voters, ...(options.learners ?? [])]) this.add(id, start);
  }

  /** Adds a member: by default one that is about to join. */
  add(id: number, start: Machine = this.#joinsFrom): Member {
    const config = {
      ...defaultConfig,
      ...this.#options.config,
      id: memberId(BigInt(id)),
      prng: this.#prng.fork(),
    };
    const member = new Member(config, start);
    this.members.set(id, member);
    return member;
  }

  member(id: number | bigint): Member {
    return defined(this.members.get(Number(id)), `member ${id}`);
  }

  get running(): Member[] {
    return [...this.members.values()].filter((member) => member.isRunning);
  }

  /** Gives a member an input and carries out what follows from it, as far as its disk and state machine may. */
  run(member: Member, input: (core: RaftCore) => void): void {
    assert(member.isRunning, `member ${member.id} is down`);
    input(member.core);
    this.settle(member);
  }

  /** Carries out what a member has ready. */
  settle(member: Member): void {
    while (member.core.hasReady()) {
      this.#carryOut(member, member.core.ready());
      if (!member.holdsApply) this.apply(member);
      if (!member.holdsWrites) while (member.writes.length > 0) this.completeWrite(member);
    }
    this.checker.check(this, member);
  }

  /** Completes the oldest `count` writes with one report. */
  completeWrites(member: Member, count: number): void {
    const done = member.writes.splice(0, count);
    for (const write of done) this.#writeToDisk(member, write);
    const last = done.at(-1);
    if (last === undefined) return;
    member.core.onDurable(last.sequence);
    for (const write of done) this.#release(member, write);
  }

  completeWrite(member: Member): void {
    this.completeWrites(member, 1);
  }

  /** Applies up to `count` of the entries handed out. */
  apply(member: Member, count: number = member.toApply.length): void {
    for (const entry of member.toApply.splice(0, count)) {
      let { conf } = member.machine;
      if (entry.kind === 'config') conf = member.core.applyConfChange(entry);
      const hash = hashEntry(member.machine.hash, entry);
      member.machine = { index: entry.index, term: entry.term, conf, hash };
      this.checker.onApplied(member);
      member.core.onApplied(entry.index);
    }
  }

  /** Delivers one message, whether or not it is (still) in the network. A snapshot's file is fetched on the way. */
  deliver(message: Message): void {
    const member = this.members.get(Number(message.to));
    if (member?.isRunning) this.run(member, (core) => core.step(message));
  }

  /** Takes matching messages out of the network. */
  take(matches: (message: Message) => boolean = () => true): Message[] {
    const taken = this.network.filter(matches);
    this.network = this.network.filter((message) => !taken.includes(message));
    return taken;
  }

  /** Delivers what is in the network, and what comes of it, until nothing is left that `reaches`. */
  stabilize(reaches: (message: Message) => boolean = () => true): void {
    for (let round = 0; round < 1000; round++) {
      const messages = this.take(reaches);
      if (messages.length === 0) return;
      for (const message of messages) this.deliver(message);
    }
    throw new Error('the cluster does not come to rest');
  }

  /** `count` times: ticks all members, then delivers everything but what is `cut`, which is lost. */
  flow(count: number, cut: (message: Message) => boolean = () => false): void {
    for (let i = 0; i < count; i++) {
      for (const member of this.running) this.run(member, (core) => core.tick());
      this.stabilize((message) => !cut(message));
      this.take(cut);
    }
  }

  /** The member that leads the newest term; null when nobody does. */
  get leader(): Member | null {
    const leaders = this.running.filter((member) => member.core.role === 'leader');
    return leaders.sort((a, b) => b.core.term - a.core.term)[0] ?? null;
  }

  /** Puts logs on disks, by the terms of their entries, and restarts those members from there. */
  seedLogs(logs: Readonly<Record<number, SeededLog>>): void {
    for (const [id, log] of Object.entries(logs)) {
      const member = this.member(Number(id));
      this.crash(member);
      const entries = log.terms.map((term, i): Entry => {
        return { term, index: i + 1, kind: 'normal', data: fromLatin1(`${i + 1}/${term}`) };
      });
      const term = log.term ?? log.terms.at(-1) ?? 0;
      const hardState = { term, vote: noMember, commit: log.commit ?? 0 };
      member.wal = { hardState, base: { index: 0, term: 0 }, entries };
    }
    for (const id of Object.keys(logs)) this.restart(this.member(Number(id)));
  }

  /** Starts an election at a member; everything sent arrives unless `reaches` says otherwise. */
  elect(id: number, reaches?: (message: Message) => boolean): Member {
    const member = this.member(id);
    this.run(member, (core) => core.campaign());
    this.stabilize(reaches);
    assert(member.core.role === 'leader', `member ${id} was not elected`);
    return member;
  }

  /** Puts the state machine as it is on its disk. */
  sync(member: Member): void {
    member.machineOnDisk = member.machine;
  }

  /** Makes a snapshot that others can fetch, and drops the log that it covers but for the last `keep` entries. */
  snapshot(member: Member, keep: number): void {
    this.sync(member);
    const { index, term, conf } = member.machine;
    this.#snapshots.set(index, member.machine);
    this.run(member, (core) => core.onSnapshotAvailable({ index, term, conf }));
    this.compact(member, Math.max(0, index - keep));
  }

  /** Drops the log up to `index` in memory and on disk, as far as the state machine's disk covers it. */
  compact(member: Member, index: Index): void {
    const to = Math.min(index, member.machineOnDisk.index);
    this.run(member, (core) => core.compact(to));
    compactWal(member.log, to);
    // What is still being written to the log on disk cannot be dropped from it.
    compactWal(member.wal, Math.min(to, member.core.status().durableIndex));
  }

  /** Stops a member at once. The first `kept` writes in flight reached the disk, unreported. */
  crash(member: Member, kept = 0): void {
    for (const write of member.writes.slice(0, kept)) this.#writeToDisk(member, write);
    member.writes = [];
    member.toApply = [];
    member.isRunning = false;
  }

  restart(member: Member): void {
    assert(!member.isRunning, `member ${member.id} is up`);
    // A snapshot that the log starts from is installed before anything else.
    const { base } = member.wal;
    if (member.machineOnDisk.index < base.index) {
      member.machineOnDisk = defined(this.#snapshots.get(base.index), 'snapshot');
    }
    member.restart();
    this.checker.onRestarted(member);
    this.settle(member);
  }

  #carryOut(member: Member, ready: Ready): void {
    this.#options.onReady?.(member, ready);
    if (ready.write !== null) {
      appendToWal(member.log, ready.write);
      member.writes.push(ready.write);
    }
    this.checker.onReady(this, member, ready);
    this.#send(ready.messages);
    member.toApply.push(...ready.committed);
    member.reads.push(...ready.reads);
    if (ready.snapshotWanted) member.snapshotsWanted++;
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.checker.onSent(message);
      this.network.push(message);
    }
  }

  #writeToDisk(member: Member, write: DurableWrite): void {
    if (write.hardState !== null) member.wal.hardState = write.hardState;
    appendToWal(member.wal, write);
    this.checker.onWritten(member);
  }

  #release(member: Member, write: DurableWrite): void {
    this.#send(write.messages);
    if (write.snapshot !== null) this.#restore(member, write.snapshot);
  }

  #restore(member: Member, meta: SnapshotMeta): void {
    member.machine = defined(this.#snapshots.get(meta.index), `snapshot at ${meta.index}`);
    member.machineOnDisk = member.machine;
    member.toApply = member.toApply.filter((entry) => entry.index > meta.index);
    this.checker.onApplied(member);
    member.core.onApplied(meta.index);
  }
}

/** FNV-1a over the entry, chained. */
function hashEntry(seed: number, entry: Entry): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  const mix = (value: number) => {
    hash = Math.imul(hash ^ value, 0x01000193) >>> 0;
  };
  mix(entry.index);
  mix(entry.term);
  for (const byte of entry.data) mix(byte);
  return hash;
}
