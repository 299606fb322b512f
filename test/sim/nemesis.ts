import type { MemberId } from '../../src/base/ids.js';
import type { Prng } from '../../src/base/prng.js';
import { KV, Maintenance } from '../../src/wire/gen/etcdserverpb.js';
import type { Cluster } from './cluster.js';
import type { Knobs } from './knobs.js';
import type { Machine } from './machine.js';
import type { Scheduler } from './scheduler.js';
import type { Trace } from './trace.js';

export interface NemesisOptions {
  readonly cluster: Cluster;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly knobs: Knobs;
  readonly prng: Prng;
}

/** What goes wrong: each kind of fault by itself, at random times, as often as the seed's knobs say. */
export class Nemesis {
  readonly #cluster: Cluster;
  readonly #scheduler: Scheduler;
  readonly #trace: Trace;
  readonly #knobs: Knobs;
  readonly #prng: Prng;
  #isActive = true;
  /** The machine whose database or log was damaged last. One at a time: two would be more than is survived. */
  #damaged: Machine | null = null;

  constructor(options: NemesisOptions) {
    this.#cluster = options.cluster;
    this.#scheduler = options.scheduler;
    this.#trace = options.trace;
    this.#knobs = options.knobs;
    this.#prng = options.prng;
  }

  start(): void {
    const { faults } = this.#knobs;
    this.#repeat(faults.crashMs, () => this.#crash());
    this.#repeat(faults.blackoutMs, () => this.#blackout());
    this.#repeat(faults.midEventCrashMs, () => this.#crashMidEvent());
    this.#repeat(faults.partitionMs, () => this.#partition());
    this.#repeat(faults.clogMs, () => this.#clog());
    this.#repeat(faults.pauseMs, () => this.#pause());
    this.#repeat(faults.misleadMs, () => this.#mislead());
    this.#repeat(faults.transferMs, () => this.#transfer());
    this.#repeat(faults.diskFailureMs, () => this.#failDisk());
    this.#repeat(faults.diskStallMs, () => this.#stallDisk());
    this.#repeat(faults.databaseLossMs, () => this.#loseDatabase());
    this.#repeat(faults.rotMs, () => this.#rotLog());
    this.#repeat(faults.compactionMs, () => this.#compact());
    this.#repeat(faults.wallJumpMs, () => this.#jumpWall());
  }

  /** No new faults. What is broken stays so until somebody mends it. */
  stop(): void {
    this.#isActive = false;
  }

  #repeat(meanMs: number, fault: () => void): void {
    if (meanMs === 0) return;
    this.#later(-Math.log(1 - this.#prng.float()) * meanMs, () => {
      fault();
      this.#repeat(meanMs, fault);
    });
  }

  #later(delayMs: number, run: () => void): void {
    this.#scheduler.after(delayMs, 'world', 'fault', () => {
      if (this.#isActive) run();
    });
  }

  /** A running machine: often the leader, for what happens to it matters most. */
  #pickUp(leaderChance = 0.4): Machine | undefined {
    const { leader, up } = this.#cluster;
    if (leader !== undefined && this.#prng.chance(leaderChance)) return leader;
    return up.length === 0 ? undefined : this.#prng.pick(up);
  }

  #crash(): void {
    const machine = this.#pickUp();
    if (machine === undefined) return;
    if (this.#prng.chance(0.15)) void machine.stop();
    else machine.kill(this.#prng.chance(0.5) ? 'power' : 'process');
  }

  #blackout(): void {
    for (const machine of this.#cluster.up)
      machine.kill(this.#prng.chance(0.8) ? 'power' : 'process');
  }

  #crashMidEvent(): void {
    this.#pickUp()?.killAfter(this.#prng.int(1, 40));
  }

  #partition(): void {
    const { network } = this.#cluster;
    const ids = this.#ids();
    if (ids.length < 2) return;
    const group = new Set(this.#prng.shuffle([...ids]).slice(0, this.#prng.int(1, ids.length)));
    const kind = this.#prng.pick(['symmetric', 'out', 'in'] as const);
    this.#trace.note('world', 'partitions', () => `${kind} ${[...group].map(String).join(' ')}`);
    for (const inside of group) {
      for (const outside of ids) {
        if (group.has(outside)) continue;
        if (kind !== 'in') network.block(inside, outside);
        if (kind !== 'out') network.block(outside, inside);
      }
    }
    this.#later(this.#prng.int(100, 12_000), () => {
      this.#trace.note('world', 'heals');
      network.heal();
    });
  }

  #clog(): void {
    const ids = this.#ids();
    this.#cluster.network.clog(
      this.#prng.pick(ids),
      this.#prng.pick(ids),
      this.#prng.int(50, 5_000),
    );
  }

  #pause(): void {
    const machine = this.#pickUp(0.7)?.machine;
    if (machine === undefined || machine.isPaused) return;
    this.#trace.note(machine.owner, 'is stopped');
    machine.pause();
    this.#later(this.#prng.pick([20, 500, 1_500, 4_000, 4_000, 12_000]), () => {
      this.#trace.note(machine.owner, 'goes on');
      machine.resume();
    });
  }

  #mislead(): void {
    const ids = this.#ids();
    this.#cluster.network.mislead(this.#prng.pick(ids), this.#prng.pick(ids));
  }

  /** Asks for it through the API, at the leader, as an operator does. */
  #transfer(): void {
    const { leader, machines } = this.#cluster;
    if (leader === undefined) return;
    const target = this.#prng.pick(machines).memberId;
    const request = { targetID: target };
    this.#ask(leader, (channel) => channel.unary(Maintenance.methods.MoveLeader, request, timeout));
  }

  #failDisk(): void {
    const machine = this.#pickUp();
    if (machine === undefined) return;
    const isFull = this.#prng.chance(0.5);
    this.#trace.note(machine.name, isFull ? 'runs out of space' : 'loses a sync');
    const { disk } = machine;
    if (isFull) disk.setKnobs({ capacityBytes: disk.usedBytes });
    else disk.setKnobs({ syncFailChance: 1 });
    this.#scheduler.after(this.#prng.int(1, 500), 'world', 'disk mended', () => {
      disk.setKnobs({ capacityBytes: Number.MAX_SAFE_INTEGER, syncFailChance: 0 });
    });
  }

  #stallDisk(): void {
    const machine = this.#pickUp();
    if (machine === undefined) return;
    this.#trace.note(machine.name, 'has a slow disk');
    machine.disk.setKnobs({ stallChance: 1, stallMs: [200, this.#prng.pick([1_000, 4_000])] });
    this.#scheduler.after(this.#prng.int(100, 2_000), 'world', 'disk mended', () => {
      machine.disk.setKnobs({ stallChance: 0 });
    });
  }

  #loseDatabase(): void {
    const machine = this.#pickUp();
    if (machine === undefined || !this.#mayDamage()) return;
    this.#trace.note(machine.name, 'loses its database');
    this.#damaged = machine;
    machine.kill('process');
    machine.db.loseEverything();
  }

  /**
   * A bit of an older segment flips while the machine is off: that much is durable and followed by more. (Damage to the very
   * last frame passes for a torn write: docs/decisions/0009-one-unsynced-frame.md.)
   */
  #rotLog(): void {
    const machine = this.#pickUp();
    if (machine === undefined || !this.#mayDamage()) return;
    const segments = machine.disk.paths().filter((path) => /^member\/wal\/wal-.*\.log$/.test(path));
    const older = segments.sort().slice(0, -1);
    if (older.length === 0) return;
    const path = this.#prng.pick(older);
    const content = machine.disk.contentOf(path);
    const used = content.findLastIndex((byte) => byte !== 0);
    // The first sector is the segment's header, most of it empty.
    if (used < 2 * sectorBytes) return;
    this.#damaged = machine;
    this.#cluster.suspects.add(machine);
    machine.kill('process');
    const offset = this.#prng.int(sectorBytes - 100, used);
    this.#trace.note(machine.name, 'rots', () => `${path} at ${offset}`);
    machine.disk.flipBit(path, offset, this.#prng.int(0, 8));
  }

  /** Nothing else is damaged (the last damaged machine serves again, or has been replaced), and a majority would be left. */
  #mayDamage(): boolean {
    const { leader, machines, condemned } = this.#cluster;
    const voters = leader?.member?.raft().conf.voters ?? [];
    const last = this.#damaged;
    const isMended = last === null || last.member !== null || !machines.includes(last);
    return isMended && condemned.size === 0 && voters.length >= 3;
  }

  /** History is forgotten up to a recent revision. */
  #compact(): void {
    const machine = this.#pickUp();
    const revision = machine?.member?.mvcc.revision ?? 0;
    if (machine === undefined || revision < 3) return;
    const behind = this.#prng.chance(0.3) ? 0 : this.#prng.int(0, 200);
    const request = { revision: Math.max(1, revision - behind), physical: this.#prng.chance(0.3) };
    this.#ask(machine, (channel) => channel.unary(KV.methods.Compact, request, timeout));
  }

  #jumpWall(): void {
    this.#pickUp()?.machine.jumpWall(this.#prng.int(-100_000, 100_000));
  }

  /** A request whose outcome does not matter here; it shows in what the clients see. */
  #ask(
    machine: Machine,
    make: (channel: ReturnType<Cluster['connectTo']>) => Promise<unknown>,
  ): void {
    make(this.#cluster.connectTo(machine, 'nemesis', this.#prng)).then(
      () => this.#trace.note('nemesis', 'done'),
      (error: unknown) => this.#trace.note('nemesis', 'refused', () => String(error)),
    );
  }

  #ids(): MemberId[] {
    return this.#cluster.machines.map((machine) => machine.memberId);
  }
}

const sectorBytes = 4096;
const timeout = { timeoutMs: 5_000 };
