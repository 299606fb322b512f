import { type Clock, sleep } from '../../base/clock.js';
import { ClientError, connect } from '../../client/index.js';
import type { Console } from './console.js';
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
import { choosePorts, findTakenPort } from './ports.js';

/** The cluster cannot be started. The message says why and what to do. */
export class UpError extends Error {
  override readonly name = 'UpError';
}

/** What `flotilla up` was asked for. */
export interface UpOptions {
  readonly dataDir: string;
  /** First of six ports in a row; null: etcd's usual ones. */
  readonly basePort: number | null;
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
const pollMs = 100;

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
  /** Ends the run: told to stop, or a member cannot be started. */
  readonly #ended = new AbortController();
  #failure: unknown = null;
  #isServing = false;

  constructor(plan: ClusterPlan, dir: string, options: UpOptions) {
    this.#plan = plan;
    this.#dir = dir;
    this.#options = options;
    this.#members = plan.members.map((member) => this.#createMember(member));
  }

  async run(): Promise<void> {
    const { console, stop, stopNow } = this.#options;
    for (const member of this.#plan.members) console.line(describeMember(member, this.#dir));
    stop.addEventListener('abort', () => this.#ended.abort(), { once: true });
    if (stop.aborted) return;
    stopNow.addEventListener('abort', () => this.#killAll(), { once: true });
    for (const member of this.#members) {
      void member.start().catch((error: unknown) => this.#fail(error));
    }
    try {
      await this.#untilServing();
      this.#announce();
      await this.#untilEnded();
    } finally {
      await this.#stopAll();
    }
    if (this.#failure !== null) throw this.#failure;
  }

  #createMember(member: PlannedMember): MemberProcess {
    return new MemberProcess({
      flags: storeFlagsOf(this.#plan, member, this.#dir),
      logPath: memberLog(this.#dir, member),
      clock: this.#options.clock,
      listener: {
        onStart: (pid) => {
          this.#pids.set(member.name, pid);
          this.#options.console.line(`${member.name} started as process ${pid}`);
        },
        onEnd: (exit, retryMs) => this.#onMemberEnd(member, exit, retryMs),
      },
    });
  }

  #onMemberEnd(member: PlannedMember, exit: MemberExit, retryMs: number): void {
    const how = exit.signal === null ? `with code ${exit.code}` : `by ${exit.signal}`;
    if (!this.#isServing) {
      const count = (this.#failedStarts.get(member.name) ?? 0) + 1;
      this.#failedStarts.set(member.name, count);
      if (count >= failedStartsMax) {
        const log = memberLog(this.#dir, member);
        void tailOf(log).then((tail) =>
          this.#fail(
            new UpError(
              `${member.name} ended ${count} times before the cluster served; the end of ${log}:\n${tail}`,
            ),
          ),
        );
        return;
      }
    }
    const wait = `${retryMs / 1000} s`;
    this.#options.console.bad(`${member.name} ended ${how}; starting it again in ${wait}`);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#ended.abort();
  }

  /** Waits until a write goes through: deleting a key that nobody has takes the whole way and leaves no trace. */
  async #untilServing(): Promise<void> {
    const { clock, console } = this.#options;
    const startedAt = clock.now();
    const endpoints = this.#plan.members.map(endpointOf);
    const client = connect({ endpoints, timeouts: { requestMs: 1000 } });
    const signal = this.#ended.signal;
    try {
      while (!signal.aborted) {
        try {
          await client.kv.delete('\0flotilla-up', { signal });
          this.#isServing = true;
          const seconds = ((clock.now() - startedAt) / 1000).toFixed(1);
          console.good(`the cluster takes writes (after ${seconds} s)`);
          return;
        } catch (error) {
          if (!(error instanceof ClientError)) throw error;
          await sleep(clock, pollMs, signal).catch(() => {}); // Ended meanwhile.
        }
      }
    } finally {
      await client.close();
    }
  }

  #announce(): void {
    if (this.#ended.signal.aborted) return;
    const { console, invocation } = this.#options;
    console.line(`endpoints: ${this.#plan.members.map(endpointOf).join(',')}`);
    for (const line of nextSteps(this.#plan, this.#pids, invocation)) console.line(line);
  }

  #untilEnded(): Promise<void> {
    const { signal } = this.#ended;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** One after the other, so that as long as two are up the last clients are served. */
  async #stopAll(): Promise<void> {
    const { console } = this.#options;
    console.line('stopping');
    for (const [index, member] of this.#members.entries()) {
      await member.stop();
      console.line(`${this.#plan.members[index]?.name} stopped`);
    }
  }

  #killAll(): void {
    for (const member of this.#members) member.kill();
  }
}
