import { assert } from '../../../base/assert.js';
import type { Change } from './change.js';

/** How much of the past is kept. */
export interface WindowLimits {
  /** This many changes are kept however old they are. */
  readonly changesMin: number;
  readonly changesMax: number;
  /** Stored bytes of the states that the changes hold on to. */
  readonly bytesMax: number;
  /** Beyond `changesMin`, changes of this age go: so the window grows with the load. */
  readonly keepMs: number;
}

export const windowLimitsDefault: WindowLimits = {
  changesMin: 1000,
  changesMax: 100_000,
  bytesMax: 64 * 1024 * 1024,
  keepMs: 75_000,
};

/** The last changes of a resource, in order: what watches from a past revision, and lists of one, are answered from. */
export class EventWindow {
  readonly #limits: WindowLimits;
  /** Ascending revisions; those before #head are forgotten. */
  #changes: Change[] = [];
  /** When each change came, in milliseconds of the owner's clock. */
  #cameAtMs: number[] = [];
  #head = 0;
  #bytes = 0;
  /** Invariant: the window has every change with a greater revision. */
  #floor: number;

  constructor(floor: number, limits: WindowLimits = windowLimitsDefault) {
    this.#floor = floor;
    this.#limits = limits;
  }

  /** The oldest revision after which nothing is missing. */
  get floor(): number {
    return this.#floor;
  }

  get size(): number {
    return this.#changes.length - this.#head;
  }

  push(change: Change, nowMs: number): void {
    const last = this.#changes.at(-1);
    assert(last === undefined || last.revision <= change.revision, 'changes come in order');
    this.#changes.push(change);
    this.#cameAtMs.push(nowMs);
    this.#bytes += change.size;
    while (this.#isTooMuch(nowMs)) this.#forgetOldest();
  }

  /** All changes with a revision greater than this, which is at least the floor. */
  after(revision: number): readonly Change[] {
    assert(revision >= this.#floor, 'the window does not reach back so far');
    return this.#changes.slice(this.#indexAfter(revision));
  }

  #indexAfter(revision: number): number {
    let low = this.#head;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle] as Change).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isTooMuch(nowMs: number): boolean {
    const { changesMin, changesMax, bytesMax, keepMs } = this.#limits;
    if (this.size <= 1) return false;
    if (this.size > changesMax || this.#bytes > bytesMax) return true;
    return this.size > changesMin && (this.#cameAtMs[this.#head] as number) < nowMs - keepMs;
  }

  /** Forgets all changes of the oldest revision: a revision is never split. */
  #forgetOldest(): void {
    const { revision } = this.#changes[this.#head] as Change;
    while (this.#changes[this.#head]?.revision === revision) {
      this.#bytes -= (this.#changes[this.#head] as Change).size;
      this.#head++;
    }
    this.#floor = revision;
    if (this.#head < 1024 || this.#head * 2 < this.#changes.length) return;
    this.#changes = this.#changes.slice(this.#head);
    this.#cameAtMs = this.#cameAtMs.slice(this.#head);
    this.#head = 0;
  }
}
