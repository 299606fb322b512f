import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Console } from './console.js';
import { tailOf } from './log-tail.js';
import type { ProgramSpec } from './program-spec.js';
import type { RunningPrograms } from './running-programs.js';
import { type ProgramExit, type ProgramListener, SupervisedProgram } from './supervised-program.js';
import { UpError } from './up-error.js';

/** What programs run with. */
export interface ProgramSetOptions {
  /** Where their logs go. */
  readonly dir: string;
  readonly clock: Clock;
  readonly console: Console;
  readonly running: RunningPrograms;
  /** Aborted when the run is over: nothing is started any more. */
  readonly ended: AbortSignal;
  /** A program cannot be started at all. */
  readonly onUnstartable: (error: UpError) => void;
}

interface Member {
  readonly spec: ProgramSpec;
  readonly process: SupervisedProgram;
}

/** Programs of a cluster, each with its log and started again when it ends. */
export class ProgramSet {
  readonly #options: ProgramSetOptions;
  readonly #members = new Map<string, Member>();

  constructor(options: ProgramSetOptions) {
    this.#options = options;
  }

  logOf(name: string): string {
    return join(this.#options.dir, `${name}.log`);
  }

  /** Starts a program, unless the run is over. The listener hears of what becomes of it besides the reader. */
  start(spec: ProgramSpec, listener: Partial<ProgramListener> = {}): void {
    const { clock, console, ended, running, onUnstartable } = this.#options;
    if (ended.aborted) return;
    const { name, command } = spec;
    const process = new SupervisedProgram({
      ...{ command, logPath: this.logOf(name), clock },
      listener: {
        onStart: (pid) => {
          running.add(name, pid);
          console.line(`${name} started as process ${pid}`);
          listener.onStart?.(pid);
        },
        onEnd: (exit, retryMs) => {
          void this.#report(name, exit, retryMs);
          listener.onEnd?.(exit, retryMs);
        },
      },
    });
    this.#members.set(name, { spec, process });
    process.start().catch((cause: Error) => {
      onUnstartable(new UpError(`${name} cannot be started: ${cause.message}`, { cause }));
    });
  }

  /** Programs that read one of these certificates begin anew. Returns their names. */
  restartUsing(certificates: readonly string[]): readonly string[] {
    const using = [...this.#members.values()].filter(({ spec }) =>
      spec.certificates.some((name) => certificates.includes(name)),
    );
    for (const { process } of using) process.restart();
    return using.map(({ spec }) => spec.name);
  }

  /** Stops those of which the name is chosen, all at once. */
  async stop(isChosen: (name: string) => boolean): Promise<void> {
    const chosen = [...this.#members].filter(([name]) => isChosen(name));
    await Promise.all(chosen.map(([, { process }]) => process.stop()));
    for (const [name] of chosen) this.#options.running.remove(name);
  }

  kill(): void {
    for (const { process } of this.#members.values()) process.kill();
  }

  /** A program that ends by itself says why in its last line. */
  async #report(name: string, exit: ProgramExit, retryMs: number): Promise<void> {
    const { code, signal, problem } = exit;
    const { console } = this.#options;
    const again = `starting it again in ${retryMs / 1000} s`;
    if (problem !== '') {
      console.bad(`${name} cannot be started: ${problem}; ${again}`);
      return;
    }
    if (signal !== null) {
      console.bad(`${name} ended by ${signal}; ${again}`);
      return;
    }
    const why = await tailOf(this.logOf(name), 1);
    console.bad(`${name} ended with code ${code}; ${again}\n  ${why}`);
  }
}
