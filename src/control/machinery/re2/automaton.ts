import type { Alphabet } from './alphabet.js';
import { standInOf } from './boundary.js';
import type { Program } from './program.js';
import { Threads } from './threads.js';
import type { WorkLimit } from './work-limit.js';

/** What a state remembers of its steps, over all states: more are forgotten, and made again when they come up. */
const rememberedStepsMax = 250_000;

/** Everything that may be going on at one place of a text. */
interface State {
  /** Steps to follow here, in no order of preference. */
  readonly steps: readonly number[];
  /** The character before, as far as assertions tell it apart. */
  readonly before: number;
  /** By class of the next character: what comes of it. */
  readonly after: (State | undefined)[];
  atEnd: boolean | null;
}

const matched: State = { steps: [], before: -1, after: [], atEnd: true };

/**
 * Tells whether a program matches anywhere in a text. States are made when they are first met and remembered: a text costs a look-up for
 * each of its characters then.
 */
export class Automaton {
  readonly #program: Program;
  readonly #alphabet: Alphabet;
  readonly #threads: Threads;
  readonly #states = new Map<string, State>();
  #rememberedSteps = 0;
  #first: State;

  constructor(program: Program, alphabet: Alphabet) {
    this.#program = program;
    this.#alphabet = alphabet;
    this.#threads = new Threads(program);
    this.#first = this.#stateOf([], -1);
  }

  /** Throws WorkLimitError. */
  matches(text: string, limit: WorkLimit): boolean {
    let state = this.#first;
    for (let at = 0; at < text.length; ) {
      const character = text.codePointAt(at) ?? 0;
      const characterClass = this.#alphabet.classOf(character);
      const known = state.after[characterClass];
      state = known ?? this.#learn(state, characterClass, character, limit);
      if (state === matched) return true;
      at += character > 0xffff ? 2 : 1;
    }
    state.atEnd ??= this.#reach(state, -1, limit);
    return state.atEnd;
  }

  #learn(state: State, characterClass: number, character: number, limit: WorkLimit): State {
    const next = this.#after(state, characterClass, character, limit);
    state.after[characterClass] = next;
    return next;
  }

  #after(state: State, characterClass: number, character: number, limit: WorkLimit): State {
    if (this.#reach(state, character, limit)) return matched;
    const { steps } = this.#program;
    const taken = new Set<number>();
    for (let index = 0; index < this.#threads.size; index++) {
      const step = steps[this.#threads.stepAt(index)];
      if (step?.kind === 'take' && this.#alphabet.isIn(characterClass, step.set))
        taken.add(step.next);
    }
    return this.#stateOf(
      [...taken].sort((a, b) => a - b),
      character,
    );
  }

  /** Follows the steps of a state up to the next character; whether one of them is a match. */
  #reach({ steps, before }: State, character: number, limit: WorkLimit): boolean {
    const threads = this.#threads;
    const place = { before, after: character };
    threads.clear();
    for (const step of steps) threads.follow(step, 0, place, limit);
    threads.follow(this.#program.start, 0, place, limit);
    for (let index = 0; index < threads.size; index++)
      if (this.#program.steps[threads.stepAt(index)]?.kind === 'match') return true;
    return false;
  }

  #stateOf(steps: readonly number[], character: number): State {
    const before = standInOf(character);
    const key = `${before}:${steps.join()}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    this.#rememberedSteps += steps.length + 1;
    if (this.#rememberedSteps > rememberedStepsMax) this.#forget();
    const state: State = { steps, before, after: [], atEnd: null };
    this.#states.set(key, state);
    return state;
  }

  /** States that lead to others would keep them: all go. */
  #forget(): void {
    this.#states.clear();
    this.#rememberedSteps = 0;
    this.#first = { steps: [], before: -1, after: [], atEnd: null };
  }
}
