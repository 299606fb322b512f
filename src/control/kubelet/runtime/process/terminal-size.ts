import { type Clock, sleep } from '../../../../base/clock.js';
import { readLink, readTextIfPresent } from '../../../../host/state-files.js';
import { runTool } from './namespaces.js';

/** A size in cells. */
interface Cells {
  readonly columns: number;
  readonly rows: number;
}

const pauseMs = 25;
/** How often it is looked for a terminal that is not there yet: for 10 s. */
const looksMax = 400;

/** Makes the terminal of a command that has just been started as large as was asked last, as soon as it has one. */
export class TerminalSize {
  readonly #scriptPid: number;
  readonly #clock: Clock;
  /** Null: it is what was asked for. */
  #wanted: Cells | null = null;
  #isAtWork = false;
  #isOver = false;

  /** `scriptPid` is the `script` process that opens the terminal for its child. */
  constructor(scriptPid: number, clock: Clock) {
    this.#scriptPid = scriptPid;
    this.#clock = clock;
  }

  set(columns: number, rows: number): void {
    this.#wanted = { columns, rows };
    if (!this.#isAtWork) void this.#work();
  }

  /** The command has ended. */
  close(): void {
    this.#isOver = true;
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    for (let looks = 0; looks < looksMax && this.#wanted !== null && !this.#isOver; looks++) {
      const size = this.#wanted;
      const isDone = await resizeTerminal(this.#scriptPid, size.columns, size.rows);
      if (!isDone) await sleep(this.#clock, pauseMs);
      else if (this.#wanted === size) this.#wanted = null;
    }
    this.#isAtWork = false;
  }
}

/** Sets the size of the terminal that a `script` process has opened for its child; false: there is none yet. */
export async function resizeTerminal(
  scriptPid: number,
  columns: number,
  rows: number,
): Promise<boolean> {
  const children = await readTextIfPresent(`/proc/${scriptPid}/task/${scriptPid}/children`);
  const child = (children ?? '').trim().split(' ', 1)[0];
  if (child === undefined || child === '') return false;
  const terminal = await readLink(`/proc/${child}/fd/0`);
  if (terminal === null || !terminal.startsWith('/dev/pts/')) return false;
  await runTool('stty', '-F', terminal, 'cols', String(columns), 'rows', String(rows));
  return true;
}
