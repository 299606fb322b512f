import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from '../client/until.js';
import type { Exit } from './member.js';
import { flotillaBin } from './project.js';

/** What a program logs when it begins to lead. */
export interface LeadingLine {
  readonly identity: string;
  readonly createRevision: number;
  /** RFC 3339. */
  readonly ts: string;
}

/** A `flotilla controller-manager` (or another program that is elected) under test. */
export class ManagerProcess {
  readonly name: string;
  /** The lines of its log. */
  readonly log: string[] = [];
  readonly #child: ChildProcess;
  readonly exit: Promise<Exit>;
  #hasEnded = false;

  constructor(name: string, program: string, flags: readonly string[]) {
    this.name = name;
    const child = spawn(process.execPath, [flotillaBin, program, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const lines = createInterface({ input: child.stderr });
    lines.on('line', (line) => this.log.push(line));
    const logged = new Promise<void>((resolve) => lines.once('close', resolve));
    this.exit = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        this.#hasEnded = true;
        void logged.then(() => resolve({ code, signal }));
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** What it logged when it began to lead; undefined before. */
  get leading(): LeadingLine | undefined {
    return this.#said('leading');
  }

  /** Waits until it leads. */
  untilLeading(): Promise<LeadingLine> {
    return until(`${this.name} leads`, () => {
      if (this.#hasEnded) throw new Error(`${this.name} has ended:\n${this.log.join('\n')}`);
      return this.leading;
    });
  }

  /** Waits until it knows that another leads. */
  async untilStandingBy(): Promise<void> {
    await until(`${this.name} stands by`, () => this.#said('standing by'));
  }

  async end(): Promise<void> {
    this.signal('SIGKILL');
    await this.exit;
  }

  #said<T>(message: string): T | undefined {
    const line = this.log.find((each) => each.includes(`"msg":"${message}"`));
    return line === undefined ? undefined : (JSON.parse(line) as T);
  }
}
