import { holds } from './boundary.js';
import type { Program } from './program.js';
import type { WorkLimit } from './work-limit.js';

/** What is between two characters; -1 stands for the ends of the text. */
export interface Place {
  readonly before: number;
  readonly after: number;
}

/** Steps of a program that are reached at one place of a text, in the order in which they were added, each once. */
export class Threads {
  readonly #program: Program;
  readonly #steps: Int32Array;
  readonly #froms: Int32Array;
  /** By step: the round in which it was last reached, also on the way to others. */
  readonly #reached: Int32Array;
  readonly #stack: number[] = [];
  #round = 0;
  #size = 0;

  constructor(program: Program) {
    const { length } = program.steps;
    this.#program = program;
    this.#steps = new Int32Array(length);
    this.#froms = new Int32Array(length);
    this.#reached = new Int32Array(length);
  }

  /** How many steps are reached that take a character or end a match. */
  get size(): number {
    return this.#size;
  }

  stepAt(index: number): number {
    return this.#steps[index] ?? 0;
  }

  /** Where the match began that this thread may come to. */
  fromAt(index: number): number {
    return this.#froms[index] ?? 0;
  }

  clear(): void {
    this.#size = 0;
    this.#round++;
  }

  /** Adds what is reached from a step without a character, the preferred first. */
  follow(start: number, from: number, { before, after }: Place, limit: WorkLimit): void {
    const stack = this.#stack;
    stack.push(start);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (this.#reached[at] === this.#round) continue;
      this.#reached[at] = this.#round;
      limit.spend(1);
      const step = this.#program.steps[at];
      if (step?.kind === 'either') stack.push(step.other, step.next);
      else if (step?.kind !== 'assert') this.#add(at, from);
      else if (holds(step.assertion, before, after)) stack.push(step.next);
    }
  }

  #add(step: number, from: number): void {
    this.#steps[this.#size] = step;
    this.#froms[this.#size] = from;
    this.#size++;
  }
}
