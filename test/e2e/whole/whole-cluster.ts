import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../client/until.js';
import type { TestScope } from '../cluster.js';
import { findKubectl, wantedVersions } from '../kubectl/kubectls.js';
import { freePorts } from '../ports.js';
import { flotillaBin, isOnPath } from '../project.js';

/** Generous: other tests may have the machine. */
export const deadlineMs = 240_000;

/** The newest stock kubectl of this machine of those that must work, or any other; null without one. */
export const kubectl =
  wantedVersions.map(findKubectl).findLast((found) => found !== null)?.path ??
  (isOnPath('kubectl') ? 'kubectl' : null);

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that goes on. */
export interface Running {
  /** What it has written so far. */
  readonly output: () => string;
  stop(): Promise<void>;
}

const portCount = 7;
const logLines = 25;

/** `flotilla up` as a person runs it, and kubectl beside it. Its folder is removed with the test. */
export class WholeCluster {
  readonly dir: string;
  readonly #args: readonly string[];
  readonly #as: readonly string[];
  readonly #t: TestScope;
  #child: ChildProcess | null = null;
  #exit: Promise<number | null> = Promise.resolve(0);
  /** What the current run has written. */
  out = '';

  private constructor(t: TestScope, dir: string, args: readonly string[], as: readonly string[]) {
    this.#t = t;
    this.dir = dir;
    this.#args = args;
    this.#as = as;
  }

  /** Starts one that is ready. `as` stands before the command, as `setpriv` does for another user; all its files are in `under`. */
  static async forTest(
    t: TestScope,
    {
      args,
      as = [],
      under = tmpdir(),
    }: {
      readonly args: readonly string[];
      readonly as?: readonly string[];
      readonly under?: string;
    },
  ): Promise<WholeCluster> {
    const top = await mkdtemp(join(under, 'fw-'));
    const [base = 0] = await freePortsInRow();
    const cluster = new WholeCluster(t, join(top, 'data'), ['--ports', `${base}`, ...args], as);
    t.teardown(async () => {
      if (!t.passing()) await cluster.#report();
      await cluster.stop();
      await rm(top, { recursive: true, force: true });
    });
    if (as.length > 0) await cluster.run('chmod', ['0777', top]);
    await cluster.start();
    return cluster;
  }

  get kubeconfig(): string {
    return join(this.dir, 'admin.kubeconfig');
  }

  /** Starts it, and resolves once it says that it is ready. */
  async start(): Promise<void> {
    const [program = '', ...rest] = [
      // The runner of tests has each Node process note its end in a folder that is not everybody's.
      ...['env', '-u', 'NODE_OPTIONS'],
      ...this.#as,
      ...[process.execPath, flotillaBin, 'up', '--data-dir', this.dir, ...this.#args],
    ];
    this.out = '';
    const child = spawn(program, rest, { stdio: 'pipe' });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.out += text;
      });
    }
    this.#exit = new Promise((resolve) => child.once('close', resolve));
    await this.shows(/^kubeconfig: /m);
  }

  /** Resolves with what it exited with, after all that it started has ended. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === null) return null;
    child.kill('SIGTERM');
    const code = await this.#exit;
    this.#child = null;
    return code;
  }

  /** Ends it and all programs of the cluster at once, as a loss of power would; what they started goes on. */
  async killAll(): Promise<void> {
    const pids = this.programs().map((name) => this.pid(name));
    this.#child?.kill('SIGKILL');
    for (const pid of pids) kill(pid);
    await this.#exit;
    this.#child = null;
  }

  /** Names of the programs that it has started. */
  programs(): readonly string[] {
    const names = [...this.out.matchAll(/^(\S+) started as process \d+$/gm)];
    return [...new Set(names.map(([, name = '']) => name))];
  }

  /** The process of a program. */
  pid(name: string): number {
    const all = [...this.out.matchAll(new RegExp(`^${name} started as process (\\d+)$`, 'gm'))];
    return Number(all.at(-1)?.[1] ?? 0);
  }

  /** Ends a program at once, and resolves when another process has taken its place. */
  async killProgram(name: string): Promise<void> {
    const pid = this.pid(name);
    kill(pid);
    await until(`another process for ${name}`, () => this.pid(name) !== pid, deadlineMs);
  }

  /** Waits for output, of which the first group is returned. */
  shows(pattern: RegExp): Promise<string> {
    return until(
      `output ${pattern}`,
      async () => {
        const match = pattern.exec(this.out);
        if (match !== null) return match[1] ?? match[0];
        if (this.#child?.exitCode != null) throw new Error(`it ended:\n${this.out}`);
        return undefined;
      },
      deadlineMs,
    );
  }

  /** Runs kubectl, which is expected to succeed, and resolves with its output. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.tries(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr || `exit code ${code}`}`);
    return stdout;
  }

  /** Applies an object. */
  async apply(object: object): Promise<void> {
    const path = join(this.dir, '..', 'apply.json');
    await writeFile(path, JSON.stringify(object));
    await this.kubectl('apply', '-f', path);
  }

  /** Runs kubectl, whatever comes of it. */
  tries(...args: readonly string[]): Promise<Outcome> {
    return this.run(kubectl ?? 'kubectl', [`--kubeconfig=${this.kubeconfig}`, ...args]);
  }

  /** Runs kubectl again and again until it succeeds with an output that fits. */
  async untilShown(pattern: RegExp, ...args: readonly string[]): Promise<string> {
    let last = '';
    try {
      return await until(
        `${pattern} of kubectl ${args.join(' ')}`,
        async () => {
          const { code, stdout, stderr } = await this.tries(...args);
          last = stdout + stderr;
          return code === 0 && pattern.test(stdout) ? stdout : undefined;
        },
        deadlineMs,
      );
    } catch (error) {
      throw new Error(`${String(error)}; last:\n${last}`);
    }
  }

  /** Starts kubectl and lets it run. */
  kubectlBeside(...args: readonly string[]): Running {
    const child = spawn(kubectl ?? 'kubectl', [`--kubeconfig=${this.kubeconfig}`, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
    }
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    return {
      output: () => text,
      async stop() {
        child.kill('SIGTERM');
        await ended;
      },
    };
  }

  /** Runs a program of the machine to its end, for longer than one waits by itself. */
  run(program: string, args: readonly string[]): Promise<Outcome> {
    return new Promise((resolve) => {
      const child = spawn(program, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 2 * deadlineMs,
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      child.once('error', (error) => resolve({ code: null, stdout, stderr: error.message }));
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
  }

  async #report(): Promise<void> {
    this.#t.comment(this.out);
    const pods = await this.tries('get', 'pods', '-A', '-o', 'wide');
    this.#t.comment(pods.stdout + pods.stderr);
    const events = await this.tries('get', 'events', '-A', '--sort-by=.lastTimestamp');
    this.#t.comment(events.stdout.split('\n').slice(-40).join('\n'));
    for (const name of this.programs()) {
      const log = await readFile(join(this.dir, `${name}.log`), 'utf8').catch(() => '');
      const bad = log.split('\n').filter((line) => !line.includes('"level":"info"'));
      this.#t.comment(`${name}:\n${bad.slice(-logLines).join('\n')}`);
    }
  }
}

async function freePortsInRow(): Promise<number[]> {
  for (;;) {
    const ports = await freePorts(portCount);
    const [base = 0] = ports;
    if (ports.every((port, index) => port === base + index)) return ports;
  }
}

function kill(pid: number): void {
  try {
    if (pid > 1) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
