import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { nodeFlags } from '../../../src/cmd/node-flags.js';
import { flotillaBin } from '../../../test/e2e/project.js';

const linesKept = 40;

/** An executable and what it is started with. */
export interface BenchCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** One of our programs, as users start it; or, with a folder, so that it leaves a CPU profile there when it ends. */
export function flotillaCommand(
  name: string,
  flags: readonly string[],
  profileDir: string | null,
): BenchCommand {
  if (profileDir === null) return { command: flotillaBin, args: [name, ...flags] };
  const profile = ['--cpu-prof', `--cpu-prof-dir=${profileDir}/${name}`];
  return {
    command: process.execPath,
    args: [...nodeFlags, ...profile, flotillaBin, name, ...flags],
  };
}

/** A program of the cluster, which is ended with this one. */
export class BenchProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #hasEnded = false;

  constructor(name: string, { command, args }: BenchCommand) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const { stderr } = this.#child;
    if (stderr !== null) {
      createInterface({ input: stderr }).on('line', (line) => {
        this.#lines.push(line);
        if (this.#lines.length > linesKept) this.#lines.shift();
      });
    }
    this.#child.once('exit', () => {
      this.#hasEnded = true;
    });
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }

  /** Throws, with what it said last, when it has ended. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined || this.#hasEnded) {
      throw new Error(`${this.name} has ended\n${this.report()}`);
    }
    return pid;
  }

  /** What it said last. */
  report(): string {
    return [`--- ${this.name}`, ...this.#lines].join('\n');
  }

  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(timer);
  }
}
