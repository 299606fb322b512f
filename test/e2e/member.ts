import { type ChildProcess, spawn } from 'node:child_process';
import { until } from '../client/until.js';
import { flotillaBin } from './project.js';

/** Which program a member runs: Debian's etcd, or ours. Both take the same flags and print the same line when serving. */
export type ServerKind = 'etcd' | 'flotilla';

/** What a member keeps over restarts. */
export interface MemberSpec {
  readonly kind: ServerKind;
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly dataDir: string;
  /** The executable, when it is not the kind's own. */
  readonly program?: string | undefined;
  /** All flags after the program's name. */
  readonly flags: readonly string[];
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const readyLine = 'ready to serve client requests';
const linesKept = 2000;

/** Processes that must not outlive this one. */
const running = new Set<ChildProcess>();
let isCleanupSet = false;

/** One member of a cluster under test: a process that can be killed and started again on the same data. */
export class Member {
  readonly spec: MemberSpec;
  /** The last lines of all its runs, standard output and standard error together. */
  readonly log: string[] = [];
  #process: ChildProcess | null = null;
  #exit: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  #isReady = false;

  constructor(spec: MemberSpec) {
    this.spec = spec;
  }

  /** `host:port` for clients. */
  get endpoint(): string {
    return new URL(this.spec.clientUrl).host;
  }

  get isRunning(): boolean {
    return this.#process !== null;
  }

  /** Process id of the current run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when the current run has ended. */
  get exit(): Promise<Exit> {
    return this.#exit;
  }

  /** Starts the process; see {@link ready}. */
  start(): void {
    if (this.#process !== null) throw new Error(`${this.spec.name} is running`);
    this.#isReady = false;
    const [command, first] = commandOf(this.spec);
    const child = spawn(command, [...first, ...this.spec.flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: memberEnv(),
    });
    this.#process = child;
    endWithThisProcess(child);
    this.#collect(child);
    this.#exit = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        running.delete(child);
        this.#process = null;
        resolve({ code, signal });
      });
    });
  }

  /** Waits for the log line that says that clients are served. */
  async ready(deadlineMs = 120_000): Promise<void> {
    await until(
      `${this.spec.name}: ${readyLine}`,
      () => {
        if (!this.isRunning) throw new Error(`${this.spec.name} ended before it was ready`);
        return this.#isReady;
      },
      deadlineMs,
    );
  }

  /** Ends the process with a signal (kill -9 unless told) and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.#process?.kill(signal);
    return this.#exit;
  }

  #collect(child: ChildProcess): void {
    let rest = '';
    const onText = (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#onLine(line);
    };
    child.stdout?.setEncoding('utf8').on('data', onText);
    child.stderr?.setEncoding('utf8').on('data', onText);
    child.once('close', () => rest !== '' && this.#onLine(rest));
  }

  #onLine(line: string): void {
    if (line.includes(readyLine)) this.#isReady = true;
    this.log.push(line);
    if (this.log.length > linesKept) this.log.shift();
  }
}

function commandOf({ kind, program }: MemberSpec): [command: string, first: readonly string[]] {
  if (kind === 'etcd') return [program ?? 'etcd', []];
  return [program ?? flotillaBin, ['store']];
}

/** The environment without what would change a member's flags. */
function memberEnv(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(
    entries.filter(([name]) => !/^(ETCD|FLOTILLA)_|^NODE_OPTIONS$/.test(name)),
  );
}

function endWithThisProcess(child: ChildProcess): void {
  running.add(child);
  if (isCleanupSet) return;
  isCleanupSet = true;
  process.once('exit', () => {
    for (const each of running) each.kill('SIGKILL');
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(1));
  }
}
