import { until } from '../../client/until.js';
import { ManagerProcess } from '../manager-process.js';

/** On a machine that is busy with ten of them. */
const startMsMax = 300_000;

/** A program of the control plane that is started again whenever it ends, as a supervisor does. */
export class Replica {
  readonly name: string;
  readonly #program: string;
  readonly #flags: readonly string[];
  #process: ManagerProcess;
  #isStopping = false;
  /** How often it was started again. */
  restarts = 0;

  constructor(name: string, program: string, flags: readonly string[]) {
    this.name = name;
    this.#program = program;
    this.#flags = flags;
    this.#process = this.#start();
    process.once('exit', () => this.#process.signal('SIGKILL'));
  }

  /** It leads, as far as it has said. */
  get isLeading(): boolean {
    return !this.#process.hasEnded && this.#process.leading !== undefined;
  }

  /** Waits until this run has logged a text. */
  async untilSaid(text: string): Promise<void> {
    try {
      const hasSaid = () => this.#process.log.some((line) => line.includes(text));
      await until(`${this.name} says ${text}`, hasSaid, startMsMax);
    } catch (error) {
      throw new Error(`${error}\n${this.report()}`);
    }
  }

  /** Ends it as a crash does; it is started again. */
  async kill(): Promise<void> {
    await this.#process.end();
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#process.end();
  }

  /** What this run said last. */
  report(): string {
    return [`--- ${this.name}, restarted ${this.restarts} times`]
      .concat(this.#process.log.slice(-20))
      .join('\n');
  }

  #start(): ManagerProcess {
    const started = new ManagerProcess(this.name, this.#program, this.#flags);
    void started.exit.then(() => {
      if (this.#isStopping) return;
      this.restarts++;
      this.#process = this.#start();
    });
    return started;
  }
}
