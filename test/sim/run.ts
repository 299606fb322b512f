import { setVerify } from '../../src/base/assert.js';
import type { Defect } from '../../src/base/defect.js';
import { Prng } from '../../src/base/prng.js';
import { AuthAdmin, Guest } from './auth-clients.js';
import { type ClientWorld, Session } from './client.js';
import { asFailure, Cluster } from './cluster.js';
import type { SimFailure } from './failure.js';
import { History } from './history.js';
import { drawKnobs, type Knobs, type Profile } from './knobs.js';
import { LeaseClient } from './lease-client.js';
import { checkLiveness } from './liveness.js';
import { Nemesis } from './nemesis.js';
import { Operator } from './operator.js';
import { checkReplay } from './replay.js';
import { Scheduler } from './scheduler.js';
import { Trace } from './trace.js';
import { Watcher } from './watcher.js';

export interface RunOptions {
  readonly seed: number;
  readonly profile: Profile | null;
  readonly defects: ReadonlySet<Defect>;
  /** Receives the readable history, line by line; null: not wanted. */
  readonly onLine: ((line: string) => void) | null;
}

/** What a run was. */
export interface RunResult {
  readonly seed: number;
  readonly profile: Profile;
  /** Null: everything held. */
  readonly failure: SimFailure | null;
  /** Equal for two runs of one seed. */
  readonly traceHash: string;
  readonly events: number;
  readonly messages: number;
  readonly operations: number;
  readonly committed: number;
  readonly elections: number;
  readonly virtualMs: number;
}

/** Runs one seed from beginning to end: safety phase, liveness phase, and the check of what the clients saw. */
export async function runSeed(options: RunOptions): Promise<RunResult> {
  return new Run(options).run();
}

class Run {
  readonly #options: RunOptions;
  readonly #knobs: Knobs;
  readonly #trace: Trace;
  readonly #scheduler: Scheduler;
  readonly #history = new History();
  readonly #cluster: Cluster;
  readonly #nemesis: Nemesis;
  readonly #operator: Operator;
  readonly #watchers: Watcher[] = [];
  readonly #prng: Prng;
  #isClosing = false;
  /** Watchers stop too. */
  #isOver = false;
  #openSessions = 0;

  constructor(options: RunOptions) {
    const { seed, profile, defects, onLine } = options;
    setVerify(true);
    this.#options = options;
    this.#prng = new Prng(seed);
    this.#knobs = drawKnobs(this.#prng.fork(), profile);
    this.#trace = new Trace(onLine);
    this.#scheduler = new Scheduler(this.#trace);
    this.#trace.note('world', 'begins', () => `seed ${seed} ${JSON.stringify(this.#knobs)}`);
    const shared = { scheduler: this.#scheduler, trace: this.#trace, knobs: this.#knobs };
    this.#cluster = new Cluster({ ...shared, prng: this.#prng.fork(), defects });
    this.#nemesis = new Nemesis({ ...shared, cluster: this.#cluster, prng: this.#prng.fork() });
    this.#operator = new Operator({ ...shared, cluster: this.#cluster, prng: this.#prng.fork() });
  }

  async run(): Promise<RunResult> {
    const onRejection = (error: unknown) => this.#onRejection(error);
    process.on('unhandledRejection', onRejection);
    let failure: SimFailure | null = null;
    try {
      await this.#phases();
    } catch (error) {
      failure = asFailure('the run', error);
    } finally {
      process.off('unhandledRejection', onRejection);
    }
    return {
      seed: this.#options.seed,
      profile: this.#knobs.profile,
      failure,
      traceHash: this.#trace.hash,
      events: this.#scheduler.executed,
      messages: this.#cluster.network.sentCount,
      operations: this.#history.operations.length,
      committed: this.#cluster.invariants.committedIndex,
      elections: this.#cluster.invariants.elections,
      virtualMs: Math.round(this.#scheduler.now),
    };
  }

  async #phases(): Promise<void> {
    const { durationMs } = this.#knobs;
    this.#startClients();
    this.#nemesis.start();
    this.#operator.start();
    await this.#advance(() => false, durationMs);
    this.#trace.note('world', 'ends the safety phase');
    this.#isClosing = true;
    this.#nemesis.stop();
    this.#operator.stop();
    await checkLiveness({
      cluster: this.#cluster,
      prng: this.#prng.fork(),
      advance: (until, withinMs) => this.#advance(until, this.#scheduler.now + withinMs),
      requestsAreDone: () => this.#openSessions === 0 && this.#operator.isIdle,
      watchersHaveSeen: (revision) =>
        this.#watchers.every(({ log }) => log.prefix !== '' || log.nextRevision > revision),
    });
    this.#isOver = true;
    this.#history.check();
    checkReplay(
      this.#history,
      this.#watchers.map((watcher) => watcher.log),
    );
  }

  #startClients(): void {
    const { clients, drift, hasRacingClock } = this.#knobs;
    const world: ClientWorld = {
      scheduler: this.#scheduler,
      history: this.#history,
      trace: this.#trace,
      knobs: this.#knobs,
      connect: (client, prng) => this.#cluster.connect(client, prng),
      connectLibrary: (client, prng) => this.#cluster.connectLibrary(client, prng),
      isClosing: () => this.#isClosing,
    };
    for (let i = 0; i < clients.sessions; i++) {
      const name = `c${i + 1}`;
      this.#startClient(name, (prng) => new Session(name, world, prng).run());
    }
    for (let i = 0; i < clients.leases; i++) {
      const name = `l${i + 1}`;
      const rateMax = hasRacingClock ? 2 : 1 + drift;
      this.#startClient(name, (prng) => new LeaseClient(name, world, { prng, rateMax }).run());
    }
    this.#startWatchers(world);
    if (clients.guests === 0) return;
    this.#startClient('admin', (prng) => new AuthAdmin('admin', world, prng).run());
    for (let i = 0; i < clients.guests; i++) {
      const name = `g${i + 1}`;
      const log = this.#cluster.authLog;
      this.#startClient(name, (prng) => new Guest(name, world, { prng, log }).run());
    }
  }

  #startWatchers(world: ClientWorld): void {
    for (let i = 0; i < this.#knobs.clients.watchers; i++) {
      const name = `w${i + 1}`;
      const prng = this.#prng.fork();
      // The first watches everything: it is what the replay goes by.
      const prefix = i === 0 ? '' : prng.pick(['', 'k', 'k0', 'p', 'p1a', 'l']);
      const watcher = new Watcher(
        name,
        { ...world, isClosing: () => this.#isOver },
        { prng, prefix },
      );
      this.#watchers.push(watcher);
      this.#plan(name, () => watcher.run());
    }
  }

  #startClient(name: string, run: (prng: Prng) => Promise<void>): void {
    this.#openSessions++;
    this.#plan(name, async (prng) => {
      await run(prng);
      this.#openSessions--;
    });
  }

  #plan(name: string, run: (prng: Prng) => Promise<void>): void {
    const prng = this.#prng.fork();
    this.#scheduler.after(prng.int(0, 500), name, 'begin', () => {
      run(prng).catch((error: unknown) => this.#scheduler.fail(error));
    });
  }

  #advance(until: () => boolean, deadline: number): Promise<void> {
    return this.#scheduler.run({ deadline, until, check: (owner) => this.#cluster.check(owner) });
  }

  /** A promise chain failed that nobody looked after. Those of dead processes may. */
  #onRejection(error: unknown): void {
    const owner = this.#scheduler.current;
    const machine = this.#cluster.machines.find(({ name }) => name === owner);
    if (machine !== undefined && !machine.isUp) return;
    this.#scheduler.fail(asFailure(owner, error));
  }
}
