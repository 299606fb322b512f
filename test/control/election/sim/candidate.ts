import { sleep } from '../../../../src/base/clock.js';
import { silentLogger } from '../../../../src/base/logger.js';
import type { Prng } from '../../../../src/base/prng.js';
import { LeaderElection, type Leadership } from '../../../../src/control/election/index.js';
import type { Fence } from '../../../../src/control/machinery/fence.js';
import { IncarnationClock, type MachineTime } from '../../../sim/clock.js';
import type { Scheduler } from '../../../sim/scheduler.js';
import type { Trace } from '../../../sim/trace.js';
import type { ElectionKnobs } from './knobs.js';
import { type ModelStore, storeOver } from './model-store.js';
import type { ElectionNetwork } from './network.js';

/** What candidates share. */
export interface CandidateWorld {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly knobs: ElectionKnobs;
  readonly store: ModelStore;
  readonly network: ElectionNetwork;
  /** A write reached the API server. */
  onWrite(candidate: string, fence: Fence): void;
  onBug(error: unknown): void;
}

const restartMs = 500;

/** One replica of a program that works only while it leads: processes that come one after the other on a machine. */
export class Candidate {
  readonly name: string;
  readonly machine: MachineTime;
  readonly #world: CandidateWorld;
  readonly #prng: Prng;
  #incarnation = 0;
  #clock: IncarnationClock;
  #stop = new AbortController();
  #leadership: Leadership | null = null;

  constructor(name: string, machine: MachineTime, world: CandidateWorld, prng: Prng) {
    this.name = name;
    this.machine = machine;
    this.#world = world;
    this.#prng = prng;
    this.#clock = new IncarnationClock(machine);
  }

  /** The leadership that the process believes in now; null: in none, or it does not run. */
  get believed(): Leadership | null {
    return !this.machine.isPaused && this.#leadership?.isHeld === true ? this.#leadership : null;
  }

  start(): void {
    const incarnation = ++this.#incarnation;
    this.#clock = new IncarnationClock(this.machine);
    this.#stop = new AbortController();
    this.#world.trace.note(this.name, 'starts');
    void this.#run(incarnation).catch((error: unknown) => this.#world.onBug(error));
  }

  /** kill -9: nothing of it goes on, and it is started again. */
  kill(): void {
    this.#world.trace.note(this.name, 'is killed');
    this.#end();
  }

  /** SIGTERM. */
  stop(): void {
    this.#world.trace.note(this.name, 'is told to stop');
    this.#stop.abort(new Error('told to stop'));
  }

  #end(): void {
    this.#incarnation++;
    this.#clock.kill();
    this.#leadership = null;
    this.machine.plan(restartMs, 'restart', () => this.start());
  }

  async #run(incarnation: number): Promise<void> {
    const { knobs, store, network, trace } = this.#world;
    const clock = this.#clock;
    const isAlive = () => this.#incarnation === incarnation;
    const election = new LeaderElection({
      ...{ clock, prng: this.#prng.fork(), logger: silentLogger },
      store: storeOver(store, {
        ask: (operation, onAnswer) => {
          if (!isAlive()) return;
          network.exchange(this.name, operation, (answer) =>
            this.machine.plan(0, 'answer', () => isAlive() && onAnswer(answer)),
          );
        },
        setTimer: (ms, run) => {
          const timer = clock.setTimer(ms, run);
          return () => clock.clearTimer(timer);
        },
      }),
      ...{ namespace: 'kube-system', name: 'sim', identity: `${this.name}/${incarnation}` },
      ...{ leaseSeconds: knobs.leaseSeconds, renewDeadlineMs: knobs.renewDeadlineMs },
      retryMs: knobs.retryMs,
    });
    const outcome = await election.run(async (leadership) => {
      if (!isAlive()) return;
      trace.note(this.name, 'leads', () => `from revision ${leadership.fence.createRevision}`);
      this.#leadership = leadership;
      await this.#work(leadership, isAlive);
    }, this.#stop.signal);
    if (!isAlive()) return;
    trace.note(this.name, 'ends', () => outcome);
    this.#end();
  }

  /** Writes as long as it leads, as it knows; what is on its way then arrives whenever it does. */
  async #work({ fence, signal }: Leadership, isAlive: () => boolean): Promise<void> {
    const { knobs, network } = this.#world;
    while (!signal.aborted && isAlive()) {
      network.send(this.name, () => this.#world.onWrite(this.name, fence));
      await sleep(this.#clock, this.#prng.int(1, 2 * knobs.writeEveryMs), signal).catch(() => {});
    }
  }
}
