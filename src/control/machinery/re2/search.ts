import type { Alphabet } from './alphabet.js';
import type { Program } from './program.js';
import { Threads } from './threads.js';
import type { WorkLimit } from './work-limit.js';

/** Where something matched, in units of the text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds where a program matches: leftmost, and of those the match that is preferred, in time that grows with the text and the program. All
 * ways are gone at once, in order of preference (Pike's machine).
 */
export class Search {
  readonly #program: Program;
  readonly #alphabet: Alphabet;
  readonly #threads: Threads;
  /** Steps to follow at the next place and where their matches began, the preferred first. */
  #waiting: number[] = [];

  constructor(program: Program, alphabet: Alphabet) {
    this.#program = program;
    this.#alphabet = alphabet;
    this.#threads = new Threads(program);
  }

  /** The first match that begins at or after a position; null when there is none. Throws WorkLimitError. */
  first(text: string, from: number, limit: WorkLimit): Span | null {
    let found: Span | null = null;
    let before = from === 0 ? -1 : codePointBefore(text, from);
    this.#waiting = [];
    for (let at = from; at <= text.length; ) {
      const after = text.codePointAt(at) ?? -1;
      this.#reach(found === null ? at : -1, { before, after }, limit);
      if (this.#threads.size === 0 && found !== null) break;
      const end = this.#step(after);
      if (end !== null) found = { from: end, to: at };
      before = after;
      at += after > 0xffff ? 2 : 1;
    }
    return found;
  }

  /** Follows what waits, and then begins anew at `start`; -1: a match was found, which begins before. */
  #reach(
    start: number,
    place: { readonly before: number; readonly after: number },
    limit: WorkLimit,
  ): void {
    const threads = this.#threads;
    threads.clear();
    const waiting = this.#waiting;
    for (let index = 0; index < waiting.length; index += 2)
      threads.follow(waiting[index] ?? 0, waiting[index + 1] ?? 0, place, limit);
    if (start >= 0) threads.follow(this.#program.start, start, place, limit);
    limit.spend(1);
  }

  /** Takes a character. Where the match began that ends before it, and is preferred to all that go on; null without. */
  #step(character: number): number | null {
    const { steps } = this.#program;
    const characterClass = character < 0 ? -1 : this.#alphabet.classOf(character);
    const waiting: number[] = [];
    this.#waiting = waiting;
    for (let index = 0; index < this.#threads.size; index++) {
      const step = steps[this.#threads.stepAt(index)];
      const from = this.#threads.fromAt(index);
      if (step?.kind === 'match') return from;
      if (step?.kind === 'take' && this.#alphabet.isIn(characterClass, step.set))
        waiting.push(step.next, from);
    }
    return null;
  }
}

function codePointBefore(text: string, at: number): number {
  const low = text.charCodeAt(at - 1);
  const isPair = (low & 0xfc00) === 0xdc00 && at > 1;
  return isPair ? (text.codePointAt(at - 2) ?? low) : low;
}
