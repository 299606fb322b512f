import type { Clock } from '../../base/clock.js';
import { untilReadable, untilWritable } from './await-cluster.js';
import type { Console } from './console.js';
import { ControlPlane } from './control-plane.js';
import { type ClusterFolder, openFolder } from './folder.js';
import { describeMember, nextSteps } from './guide.js';
import { tailOf } from './log-tail.js';
import { type MemberExit, MemberProcess } from './member-process.js';
import {
  type ClusterPlan,
  endpointOf,
  memberLog,
  type PlannedMember,
  storeFlagsOf,
} from './plan.js';
import { chooseApiPort, choosePorts, findTakenPort } from './ports.js';
import { UpError } from './up-error.js';

export { UpError } from './up-error.js';

/** What `flotilla up` was asked for. */
export interface UpOptions {
  readonly dataDir: string;
  /** First of six ports in a row; null: etcd's usual ones. */
  readonly basePort: number | null;
  /** No API server. */
  readonly isStoreOnly: boolean;
  /** Schedulers and controller managers, of which one each leads. */
  readonly replicas: number;
  /** How the reader started us, for the lines to paste. */
  readonly invocation: string;
  readonly clock: Clock;
  readonly console: Console;
  /** Aborted when the members are to stop. */
  readonly stop: AbortSignal;
  /** Aborted when they are to stop at once. */
  readonly stopNow: AbortSignal;
}

/** So often a member may end before the cluster first serves. */
const failedStartsMax = 3;

/** Runs three members until told to stop; resolves when all have ended. Throws {@link UpError}, FolderError or UsageError. */
export async function runCluster(options: UpOptions): Promise<void> {
  const folder = await openFolder(options.dataDir);
  try {
    const plan = await planFor(folder, options);
    await new ClusterRun(plan, folder.path, options).run();
  } finally {
    await folder.release();
  }
}

async function planFor(folder: ClusterFolder, options: UpOptions): Promise<ClusterPlan> {
  const plan = await storePlanFor(folder, options);
  if (options.isStoreOnly) return { ...plan, apiPort: null };
  if (plan.apiPort !== null) return plan;
  const whole = { ...plan, apiPort: await chooseApiPort(options.basePort) };
  await folder.store(whole);
  return whole;
}

async function storePlanFor(folder: ClusterFolder, options: UpOptions): Promise<ClusterPlan> {
  if (folder.plan !== null) {
    options.console.line(`flotilla up: going on with the data in ${folder.path}`);
    await requireFreePorts(folder.plan);
    return folder.plan;
  }
  options.console.line(`flotilla up: a new cluster of three members, data in ${folder.path}`);
  const { plan, moved } = await choosePorts(options.basePort);
  for (const { wanted, chosen } of moved) {
    options.console.bad(`port ${wanted} is taken by another program: using ${chosen}`);
  }
  await folder.store(plan);
  return plan;
}

async function requireFreePorts(plan: ClusterPlan): Promise<void> {
  const taken = await findTakenPort(plan);
  if (taken === undefined) return;
  throw new UpError(
    `port ${taken.port} of member ${taken.name} is taken by another program (a member of an earlier run, if that was ended ` +
      'with kill -9?): stop it, or start a new cluster with another --data-dir',
  );
}

/** One run of a planned cluster. */
class ClusterRun {
  readonly #plan: ClusterPlan;
  readonly #dir: string;
  readonly #options: UpOptions;
  readonly #members: readonly MemberProcess[];
  /** Process ids of the current runs, by member. */
  readonly #pids = new Map<string, number>();
  /** Ends before the cluster first served, by member. */
  readonly #failedStarts = new Map<string, number>();
  /** Aborted when the run is over: told to stop, or something failed. */
  readonly #ended = new AbortController();
  /** Work beside the run; awaited before it returns. */
  readonly #tasks = new Set<Promise<void>>();
  readonly #control: ControlPlane | null;
  #failure: unknown = null;
  #isServing = false;

  constructor(plan: ClusterPlan, dir: string, options: UpOptions) {
    this.#plan = plan;
    this.#dir = dir;
    this.#options = options;
    this.#members = plan.members.map((member) => this.#createMember(member));
    this.#control =
      plan.apiPort === null
        ? null
        : new ControlPlane({
            ...options,
            dir,
            plan,
            port: plan.apiPort,
            ended: this.#ended.signal,
          });
  }

  async run(): Promise<void> {
    const { console, stop, stopNow } = this.#options;
    for (const member of this.#plan.members) console.line(describeMember(member, this.#dir));
    if (stop.aborted) return;
    stop.addEventListener('abort', () => this.#ended.abort(), { once: true });
    stopNow.addEventListener('abort', () => this.#killAll(), { once: true });
    for (const member of this.#members) this.#addTask(member.start());
    try {
      await this.#untilServing();
      if (this.#control !== null && this.#isServing) this.#addTask(this.#control.run());
      await aborted(this.#ended.signal);
    } finally {
      await this.#stopAll();
    }
    if (this.#failure !== null) throw this.#failure;
  }

  #createMember(member: PlannedMember): MemberProcess {
    return new MemberProcess({
      program: 'store',
      flags: storeFlagsOf(this.#plan, member, this.#dir),
      logPath: memberLog(this.#dir, member),
      clock: this.#options.clock,
      listener: {
        onStart: (pid) => this.#onMemberStart(member, pid),
        onEnd: (exit, retryMs) => this.#addTask(this.#onMemberEnd(member, exit, retryMs)),
      },
    });
  }

  #onMemberStart(member: PlannedMember, pid: number): void {
    this.#pids.set(member.name, pid);
    this.#options.console.line(`${member.name} started as process ${pid}`);
    if (this.#isServing) this.#addTask(this.#reportServing(member, pid));
  }

  async #onMemberEnd(member: PlannedMember, exit: MemberExit, retryMs: number): Promise<void> {
    const count = (this.#failedStarts.get(member.name) ?? 0) + 1;
    if (!this.#isServing) this.#failedStarts.set(member.name, count);
    const log = memberLog(this.#dir, member);
    if (!this.#isServing && count >= failedStartsMax) {
      const what = `${member.name} ended ${count} times before the cluster served`;
      throw new UpError(`${what}; the end of ${log}:\n${await tailOf(log)}`);
    }
    const again = `starting it again in ${retryMs / 1000} s`;
    if (exit.signal !== null) {
      this.#options.console.bad(`${member.name} ended by ${exit.signal}; ${again}`);
      return;
    }
    // A member that ends by itself says why in its last line.
    const why = await tailOf(log, 1);
    this.#options.console.bad(`${member.name} ended with code ${exit.code}; ${again}\n  ${why}`);
  }

  /** Says when a member that was started again serves again. */
  async #reportServing(member: PlannedMember, pid: number): Promise<void> {
    const { clock, console } = this.#options;
    const endpoints = [endpointOf(member)];
    const isServing = await untilReadable({ endpoints, clock, signal: this.#ended.signal });
    if (isServing && this.#pids.get(member.name) === pid)
      console.good(`${member.name} serves again`);
  }

  async #untilServing(): Promise<void> {
    const { clock, console, invocation } = this.#options;
    const startedAt = clock.now();
    const endpoints = this.#plan.members.map(endpointOf);
    this.#isServing = await untilWritable({ endpoints, clock, signal: this.#ended.signal });
    if (!this.#isServing) return;
    const seconds = ((clock.now() - startedAt) / 1000).toFixed(1);
    console.good(`the cluster takes writes (after ${seconds} s)`);
    console.line(`endpoints: ${endpoints.join(',')}`);
    for (const line of nextSteps(this.#plan, this.#pids, invocation)) console.line(line);
  }

  /** What fails beside the run ends it. */
  #addTask(work: Promise<void>): void {
    const task = work.catch((error: unknown) => {
      this.#failure ??= error;
      this.#ended.abort();
    });
    this.#tasks.add(task);
    void task.then(() => this.#tasks.delete(task));
  }

  /** One after the other, so that clients are served for as long as two are up. */
  async #stopAll(): Promise<void> {
    const { console } = this.#options;
    this.#ended.abort();
    console.line('stopping');
    await this.#control?.stop();
    for (const [index, member] of this.#members.entries()) {
      await member.stop();
      console.line(`${this.#plan.members[index]?.name} stopped`);
    }
    await Promise.all(this.#tasks);
  }

  #killAll(): void {
    this.#control?.kill();
    for (const member of this.#members) member.kill();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
