import { type Clock, sleep } from '../../base/clock.js';
import { sendSignal } from '../../host/child-process.js';
import { readTextIfPresent, writeTextAtomically } from '../../host/state-files.js';
import { isSystemError } from './system-error.js';

/** How long programs of an earlier run are given to end by themselves. */
const endMsMax = 10_000;
const pollMs = 50;

/** Programs in the order in which they are ended. */
const tiers: readonly ((name: string) => boolean)[] = [
  (name) => !isApiServer(name) && !isStoreMember(name),
  isApiServer,
  isStoreMember,
];

/** Whether a program of a cluster is one of its API servers, or what leads to them, by name. */
export function isApiServer(name: string): boolean {
  return /^(apiserver(-\d+)?|front)$/.test(name);
}

/** Whether a program of a cluster is a member of its store, by name. */
export function isStoreMember(name: string): boolean {
  return /^m\d+$/.test(name);
}

/** A process, told from a later one of the same number by when it was started. */
interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: string;
}

/**
 * The processes of this run, as a file, for the next one: when `up` itself is killed they go on, and whoever starts it again ends them first.
 */
export class RunningPrograms {
  readonly #path: string;
  readonly #onProblem: (message: string) => void;
  readonly #programs = new Map<string, ProcessIdentity>();
  #written: Promise<void> = Promise.resolve();

  /** `onProblem` is told when the file cannot be written, as on a full disk; the next change tries again. */
  constructor(path: string, onProblem: (message: string) => void = () => {}) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  add(name: string, pid: number): void {
    this.#written = this.#written.then(async () => {
      const startTicks = await startTicksOf(pid);
      if (startTicks === null) return;
      this.#programs.set(name, { pid, startTicks });
      await this.#write();
    });
  }

  remove(name: string): void {
    this.#written = this.#written.then(async () => {
      this.#programs.delete(name);
      await this.#write();
    });
  }

  /** Resolves once the file says what this does. */
  async flush(): Promise<void> {
    await this.#written;
  }

  /**
   * Ends what an earlier run left, and resolves with the names. Those that were started last end first: who led gives its lease back while
   * somebody takes it.
   */
  async endLeft(clock: Clock): Promise<readonly string[]> {
    const left: [string, ProcessIdentity][] = [];
    for (const [name, identity] of parse(await readTextIfPresent(this.#path)))
      if (await isAlive(identity)) left.push([name, identity]);
    for (const isOfTier of tiers) {
      const tier = left.filter(([name]) => isOfTier(name));
      for (const [, { pid }] of tier) sendSignal(pid, 'SIGTERM');
      const until = clock.now() + endMsMax;
      for (const [, identity] of tier) {
        while (await isAlive(identity)) {
          if (clock.now() > until) sendSignal(identity.pid, 'SIGKILL');
          await sleep(clock, pollMs);
        }
      }
    }
    return left.map(([name]) => name);
  }

  async #write(): Promise<void> {
    const text = `${JSON.stringify([...this.#programs], null, 1)}\n`;
    await writeTextAtomically(this.#path, text).catch((error: unknown) => {
      if (!isSystemError(error)) throw error;
      this.#onProblem(`cannot write ${this.#path}: ${error.message}`);
    });
  }
}

function parse(text: string | null): readonly [string, ProcessIdentity][] {
  try {
    const entries: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    return []; // Half a file of a machine that lost its power: nothing runs any more.
  }
}

function isEntry(value: unknown): value is [string, ProcessIdentity] {
  if (!Array.isArray(value) || typeof value[0] !== 'string') return false;
  const identity = value[1] as Partial<ProcessIdentity> | null;
  const isOne = typeof identity?.pid === 'number' && identity.pid > 1;
  return isOne && typeof identity.startTicks === 'string';
}

async function isAlive({ pid, startTicks }: ProcessIdentity): Promise<boolean> {
  return (await startTicksOf(pid)) === startTicks;
}

const afterNameAt = 2;
const stateField = 0;
const startField = 19;

/** When a process was started, in ticks since the machine was, with the machine's own start; null when it has ended. */
async function startTicksOf(pid: number): Promise<string | null> {
  const stat = await readTextIfPresent(`/proc/${pid}/stat`).catch(() => null); // It ended meanwhile.
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + afterNameAt).split(' ');
  if (fields[stateField] === 'Z') return null;
  const bootId = (await readTextIfPresent('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';
  return `${bootId}/${fields[startField]}`;
}
