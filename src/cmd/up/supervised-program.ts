import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Clock, sleep } from '../../base/clock.js';
import { openAppendFile } from '../../host/append-file.js';
import { nodeEnvironment, nodeFlags } from '../node-flags.js';
import { isSystemError } from './system-error.js';

/** How a program's process ended. */
export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started this time; '' when it ran. */
  readonly problem: string;
  /** How long it ran. */
  readonly ranMs: number;
}

/** What a {@link SupervisedProgram} tells its owner. */
export interface ProgramListener {
  onStart(pid: number): void;
  /** It ended without having been told to, and starts again after `retryMs`. */
  onEnd(exit: ProgramExit, retryMs: number): void;
}

const retryMsMin = 500;
const retryMsMax = 10_000;
/** A run this long counts as sound: the next restart waits as little as the first. */
const soundRunMs = 20_000;
/** After this long a program that was told to stop is killed. */
const stopMsMax = 15_000;

const executable = fileURLToPath(new URL('../../../../bin/flotilla', import.meta.url));

/** The command line of one of our own programs. */
export function ownCommand(program: string, flags: readonly string[]): readonly string[] {
  return [process.execPath, ...nodeFlags, executable, program, ...flags];
}

/** One program of the cluster as a child process, started again whenever it ends by itself. */
export class SupervisedProgram {
  readonly #command: readonly string[];
  readonly #logPath: string;
  readonly #clock: Clock;
  readonly #listener: ProgramListener;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;
  /** The process was told to end so that another takes its place. */
  #isRestarting = false;
  #supervision: Promise<void> = Promise.resolve();

  constructor(options: {
    /** A program and its arguments. */
    readonly command: readonly string[];
    readonly logPath: string;
    readonly clock: Clock;
    readonly listener: ProgramListener;
  }) {
    this.#command = options.command;
    this.#logPath = options.logPath;
    this.#clock = options.clock;
    this.#listener = options.listener;
  }

  /** Starts it, and again after each end, until {@link stop}. Rejects only when it cannot be started at all. */
  start(): Promise<void> {
    this.#supervision = this.#supervise();
    return this.#supervision;
  }

  /** Asks it to drain and end, and waits; kills it when that takes too long. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    const timer = this.#clock.setTimer(stopMsMax, () => this.#child?.kill('SIGKILL'));
    await this.#supervision.catch(() => {}); // Its owner has the rejection from start().
    this.#clock.clearTimer(timer);
  }

  /** Asks the running process to end, and starts it again at once. */
  restart(): void {
    if (this.#child === null) return;
    this.#isRestarting = true;
    this.#child.kill('SIGTERM');
  }

  /** Ends it at once. */
  kill(): void {
    this.#stopping.abort();
    this.#child?.kill('SIGKILL');
  }

  async #supervise(): Promise<void> {
    let retryMs = retryMsMin;
    for (let runs = 0; !this.#stopping.signal.aborted; runs++) {
      const exit = await (runs === 0 ? this.#run() : this.#runAgain());
      if (this.#stopping.signal.aborted) return;
      if (this.#isRestarting) {
        this.#isRestarting = false;
        continue;
      }
      if (exit.ranMs >= soundRunMs) retryMs = retryMsMin;
      this.#listener.onEnd(exit, retryMs);
      await sleep(this.#clock, retryMs, this.#stopping.signal).catch(() => {}); // Stopped meanwhile.
      retryMs = Math.min(retryMsMax, retryMs * 2);
    }
  }

  /** What has been started before is not given up when the machine has no room for it for a while. */
  async #runAgain(): Promise<ProgramExit> {
    try {
      return await this.#run();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return { code: null, signal: null, problem: error.message, ranMs: 0 };
    }
  }

  async #run(): Promise<ProgramExit> {
    const startedAt = this.#clock.now();
    const log = await openAppendFile(this.#logPath);
    try {
      return await new Promise((resolve, reject) => {
        const [program = '', ...args] = this.#command;
        // Its own process group: Ctrl-C reaches only us, and we stop the programs in order.
        const child = spawn(program, args, {
          stdio: ['ignore', log.fd, log.fd],
          detached: true,
          env: { ...nodeEnvironment, ...process.env },
        });
        this.#child = child;
        child.once('spawn', () => {
          this.#listener.onStart(child.pid ?? 0);
          if (this.#stopping.signal.aborted) child.kill('SIGTERM');
        });
        child.once('error', reject);
        child.once('exit', (code, signal) => {
          this.#child = null;
          resolve({ code, signal, problem: '', ranMs: this.#clock.now() - startedAt });
        });
      });
    } finally {
      await log.close();
    }
  }
}
