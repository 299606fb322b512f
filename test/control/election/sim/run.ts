import { setVerify } from '../../../../src/base/assert.js';
import { Prng } from '../../../../src/base/prng.js';
import { electionKey } from '../../../../src/control/election/index.js';
import type { Fence } from '../../../../src/control/machinery/fence.js';
import { MachineTime } from '../../../sim/clock.js';
import { SimFailure } from '../../../sim/failure.js';
import { Scheduler } from '../../../sim/scheduler.js';
import { Trace } from '../../../sim/trace.js';
import { Candidate } from './candidate.js';
import { drawElectionKnobs, type ElectionDefect, type ElectionKnobs } from './knobs.js';
import { ModelStore } from './model-store.js';
import { ElectionNetwork } from './network.js';

/** One seed. */
export interface ElectionRunOptions {
  readonly seed: number;
  readonly defect: ElectionDefect | null;
  /** Receives the readable history; null: not wanted. */
  readonly onLine: ((line: string) => void) | null;
}

/** What a run was. */
export interface ElectionRunResult {
  readonly seed: number;
  /** Null: everything held. */
  readonly failure: SimFailure | null;
  /** Equal for two runs of one seed. */
  readonly traceHash: string;
  readonly events: number;
  /** Leaderships of which a write was applied. */
  readonly terms: number;
  readonly applied: number;
  readonly refused: number;
}

/** After the last fault somebody leads and writes within so many leases. */
const liveLeases = 6;
const key = electionKey('kube-system', 'sim');

/** Runs one seed: faults first, then a time without any in which somebody has to lead. */
export function runElectionSeed(options: ElectionRunOptions): Promise<ElectionRunResult> {
  return new ElectionRun(options).run();
}

class ElectionRun {
  readonly #options: ElectionRunOptions;
  readonly #knobs: ElectionKnobs;
  readonly #prng: Prng;
  readonly #trace: Trace;
  readonly #scheduler: Scheduler;
  readonly #servers: MachineTime;
  readonly #store: ModelStore;
  readonly #network: ElectionNetwork;
  readonly #candidates: readonly Candidate[];
  /** The leadership of the last write that was applied. */
  #lastTerm = 0;
  #terms = 0;
  #applied = 0;
  #refused = 0;
  #isHealed = false;

  constructor(options: ElectionRunOptions) {
    setVerify(true);
    this.#options = options;
    this.#prng = new Prng(options.seed);
    this.#knobs = drawElectionKnobs(this.#prng.fork(), options.defect);
    this.#trace = new Trace(options.onLine);
    this.#scheduler = new Scheduler(this.#trace);
    this.#servers = this.#machine('servers', this.#knobs.candidates);
    this.#store = new ModelStore(this.#servers);
    if (options.defect === 'renewal-always-answered') this.#store.renew = () => true;
    const { scheduler, servers, knobs } = this.#parts();
    this.#network = new ElectionNetwork(scheduler, servers, knobs, this.#prng.fork());
    this.#candidates = Array.from({ length: knobs.candidates }, (_, i) => {
      const name = `c${i + 1}`;
      return new Candidate(name, this.#machine(name, i), this.#world(), this.#prng.fork());
    });
  }

  async run(): Promise<ElectionRunResult> {
    let failure: SimFailure | null = null;
    try {
      for (const candidate of this.#candidates) candidate.start();
      this.#planFaults();
      await this.#until(this.#knobs.virtualMs, () => false);
      await this.#checkLiveness();
    } catch (error) {
      failure = asSimFailure(error);
    }
    return {
      ...{ seed: this.#options.seed, failure, traceHash: this.#trace.hash },
      events: this.#scheduler.executed,
      ...{ terms: this.#terms, applied: this.#applied, refused: this.#refused },
    };
  }

  #parts() {
    return { scheduler: this.#scheduler, servers: this.#servers, knobs: this.#knobs };
  }

  #world() {
    return {
      ...{ scheduler: this.#scheduler, trace: this.#trace, knobs: this.#knobs },
      ...{ store: this.#store, network: this.#network },
      onWrite: (candidate: string, fence: Fence) => this.#onWrite(candidate, fence),
      onBug: (error: unknown) => this.#scheduler.fail(error),
    };
  }

  #machine(owner: string, index: number): MachineTime {
    const localStart = this.#prng.int(0, 1_000_000);
    const machine = new MachineTime({
      ...{ scheduler: this.#scheduler, owner, localStart },
      wall: 1_700_000_000_000,
    });
    machine.setRate(this.#knobs.rates[index] ?? 1);
    return machine;
  }

  #until(deadline: number, until: () => boolean): Promise<void> {
    return this.#scheduler.run({ deadline, until, check: () => this.#check() });
  }

  /** Who believes to lead, leads: one at a time, and the store has its key. */
  #check(): void {
    for (const { name, believed } of this.#candidates) {
      if (believed === null) continue;
      const { createRevision } = believed.fence;
      const holder = this.#store.holder(key);
      if (holder?.createRevision === createRevision) continue;
      throw new SimFailure(
        'who believes to lead leads',
        `${name} believes in revision ${createRevision}, but the store has ${holder?.createRevision ?? 'no leader'}`,
      );
    }
  }

  /** The API server takes a write, or refuses it. */
  #onWrite(candidate: string, fence: Fence): void {
    const isApplied = this.#options.defect === 'unfenced-writes' || this.#store.admits(fence);
    if (!isApplied) {
      this.#refused++;
      return;
    }
    this.#applied++;
    const term = fence.createRevision;
    if (term < this.#lastTerm) {
      throw new SimFailure(
        'no write of an older leader after one of a newer',
        `a write of ${candidate} by revision ${term} was applied after one by revision ${this.#lastTerm}`,
      );
    }
    if (term > this.#lastTerm) this.#terms++;
    this.#lastTerm = term;
  }

  async #checkLiveness(): Promise<void> {
    this.#isHealed = true;
    this.#network.heal();
    this.#trace.note('world', 'heals');
    for (const { machine } of this.#candidates) machine.resume();
    if (this.#servers.isPaused) this.#servers.resume();
    const { leaseSeconds } = this.#knobs;
    const before = this.#applied;
    const deadline = this.#scheduler.now + liveLeases * leaseSeconds * 1000;
    const isLed = () => this.#applied > before;
    await this.#until(deadline, isLed);
    if (isLed()) return;
    const within = `${liveLeases} leases of ${leaseSeconds} s`;
    throw new SimFailure('somebody leads after the faults', `nobody wrote within ${within}`);
  }

  #planFaults(): void {
    const { pauseEveryMs, killEveryMs, stopEveryMs, partitionEveryMs, outageEveryMs } = this.#knobs;
    this.#every(pauseEveryMs, () => this.#pause());
    this.#every(killEveryMs, () => this.#running()?.kill());
    this.#every(stopEveryMs, () => this.#running()?.stop());
    this.#every(partitionEveryMs, () => this.#partition());
    this.#every(outageEveryMs, () => this.#outage());
  }

  #every(meanMs: number, fault: () => void): void {
    if (meanMs === 0) return;
    this.#scheduler.after(this.#prng.float() * 2 * meanMs, 'world', 'fault', () => {
      if (this.#isHealed) return;
      fault();
      this.#every(meanMs, fault);
    });
  }

  #running(): Candidate | undefined {
    const candidate = this.#prng.pick(this.#candidates);
    return candidate.machine.isPaused ? undefined : candidate;
  }

  #pause(): void {
    const candidate = this.#running();
    if (candidate === undefined) return;
    const forMs = this.#prng.float() * 2 * this.#knobs.leaseSeconds * 1000;
    this.#trace.note(candidate.name, 'pauses', () => `for ${forMs.toFixed()} ms`);
    candidate.machine.pause();
    this.#scheduler.after(forMs, 'world', 'resume', () => {
      if (!this.#isHealed) candidate.machine.resume();
    });
  }

  #partition(): void {
    const { name } = this.#prng.pick(this.#candidates);
    const forMs = this.#prng.float() * 2 * this.#knobs.leaseSeconds * 1000;
    this.#trace.note(name, 'is cut off', () => `for ${forMs.toFixed()} ms`);
    this.#network.cut(name);
    this.#scheduler.after(forMs, 'world', 'join', () => this.#network.join(name));
  }

  #outage(): void {
    if (this.#servers.isPaused) return;
    const forMs = this.#prng.float() * 2 * this.#knobs.leaseSeconds * 1000;
    this.#trace.note('servers', 'are down', () => `for ${forMs.toFixed()} ms`);
    this.#servers.pause();
    this.#scheduler.after(forMs, 'world', 'up', () => {
      if (this.#isHealed) return;
      if (this.#prng.chance(0.5)) this.#store.extendLeases();
      this.#servers.resume();
    });
  }
}

function asSimFailure(error: unknown): SimFailure {
  if (error instanceof SimFailure) return error;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new SimFailure('no bug shows', text, { cause: error });
}
