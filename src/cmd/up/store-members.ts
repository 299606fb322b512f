import type { Clock } from '../../base/clock.js';
import { untilReadable, untilWritable } from './await-cluster.js';
import type { Console } from './console.js';
import { tailOf } from './log-tail.js';
import { type ClusterPlan, endpointOf, type PlannedMember, storeFlagsOf } from './plan.js';
import type { ProgramSet } from './program-set.js';
import { ownCommand } from './supervised-program.js';
import { UpError } from './up-error.js';

/** What the members of the store run with. */
export interface StoreMembersOptions {
  readonly plan: ClusterPlan;
  readonly dir: string;
  readonly programs: ProgramSet;
  readonly clock: Clock;
  readonly console: Console;
  /** Aborted when the run is over. */
  readonly ended: AbortSignal;
  /** Work beside the run: what it rejects with ends the run. */
  readonly addTask: (work: Promise<void>) => void;
}

/** So often a member may end before the cluster first serves. */
const failedStartsMax = 3;

/** The members of a cluster's store, as processes. */
export class StoreMembers {
  readonly #options: StoreMembersOptions;
  /** Process ids of the current runs, by member. */
  readonly pids = new Map<string, number>();
  /** Ends before the cluster first served, by member. */
  readonly #failedStarts = new Map<string, number>();
  #isServing = false;

  constructor(options: StoreMembersOptions) {
    this.#options = options;
  }

  /** Starts all, and resolves once a write went through: with false when the run was over before. */
  async start(): Promise<boolean> {
    const { plan, clock, console, ended } = this.#options;
    const startedAt = clock.now();
    for (const member of plan.members) this.#startMember(member);
    const endpoints = plan.members.map(endpointOf);
    this.#isServing = await untilWritable({ endpoints, clock, signal: ended });
    if (!this.#isServing) return false;
    const seconds = ((clock.now() - startedAt) / 1000).toFixed(1);
    console.good(`the store takes writes (after ${seconds} s)`);
    return true;
  }

  /** One after the other, so that clients are served for as long as two are up. */
  async stop(): Promise<void> {
    const { plan, programs, console } = this.#options;
    for (const member of plan.members) {
      await programs.stop((name) => name === member.name);
      console.line(`${member.name} stopped`);
    }
  }

  #startMember(member: PlannedMember): void {
    const { plan, dir, programs, addTask } = this.#options;
    const spec = {
      name: member.name,
      command: ownCommand('store', storeFlagsOf(plan, member, dir)),
      certificates: [],
    };
    programs.start(spec, {
      onStart: (pid) => {
        this.pids.set(member.name, pid);
        if (this.#isServing) addTask(this.#reportServing(member, pid));
      },
      onEnd: () => {
        if (!this.#isServing) addTask(this.#countFailure(member));
      },
    });
  }

  async #countFailure({ name }: PlannedMember): Promise<void> {
    const count = (this.#failedStarts.get(name) ?? 0) + 1;
    this.#failedStarts.set(name, count);
    if (count < failedStartsMax) return;
    const log = this.#options.programs.logOf(name);
    const what = `${name} ended ${count} times before the cluster served`;
    throw new UpError(`${what}; the end of ${log}:\n${await tailOf(log)}`);
  }

  /** Says when a member that was started again serves again. */
  async #reportServing(member: PlannedMember, pid: number): Promise<void> {
    const { clock, console, ended } = this.#options;
    const endpoints = [endpointOf(member)];
    const isServing = await untilReadable({ endpoints, clock, signal: ended });
    if (isServing && this.pids.get(member.name) === pid)
      console.good(`${member.name} serves again`);
  }
}
