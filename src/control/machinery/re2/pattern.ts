import { Alphabet } from './alphabet.js';
import { Automaton } from './automaton.js';
import { parsePattern } from './parse-pattern.js';
import { PatternError } from './pattern-error.js';
import { compileProgram, type Program, stepsOf } from './program.js';
import { Search } from './search.js';
import { WorkLimit } from './work-limit.js';

/** Steps of a program; Go has a bound of the same order. */
const programStepsMax = 200_000;
/** What one question may cost: a good part of a second. */
const workMax = 5_000_000;

/**
 * A regular expression in the syntax of RE2, whose time is bounded by the text and the expression alone: clients bring both. Questions
 * throw WorkLimitError when that is still too much.
 */
export class Pattern {
  readonly #program: Program;
  readonly #alphabet: Alphabet;
  readonly #automaton: Automaton;
  #search: Search | null = null;

  /** Throws {@link PatternError} in Go's words. */
  constructor(text: string) {
    const expression = parsePattern(text);
    if (stepsOf(expression) > programStepsMax) throw new PatternError('expression too large', text);
    this.#program = compileProgram(expression);
    this.#alphabet = new Alphabet(this.#program.sets);
    this.#automaton = new Automaton(this.#program, this.#alphabet);
  }

  /** Whether it matches anywhere in the text. */
  matches(text: string): boolean {
    return this.#automaton.matches(text, new WorkLimit(workMax));
  }

  /** What it matches first; null when it does not. */
  find(text: string): string | null {
    const span = this.#searcher().first(text, 0, new WorkLimit(workMax));
    return span === null ? null : text.slice(span.from, span.to);
  }

  /** What it matches, one behind the other, at most `countMax`. Nothing at all right behind a match is none. */
  findAll(text: string, countMax = Number.POSITIVE_INFINITY): readonly string[] {
    const all: string[] = [];
    const limit = new WorkLimit(workMax);
    let lastEnd = -1;
    for (let at = 0; at <= text.length && all.length < countMax; ) {
      const span = this.#searcher().first(text, at, limit);
      if (span === null) break;
      const isEmpty = span.from === span.to;
      if (!isEmpty || span.from !== lastEnd) all.push(text.slice(span.from, span.to));
      lastEnd = span.to;
      at = isEmpty ? span.to + ((text.codePointAt(span.to) ?? 0) > 0xffff ? 2 : 1) : span.to;
    }
    return all;
  }

  #searcher(): Search {
    this.#search ??= new Search(this.#program, this.#alphabet);
    return this.#search;
  }
}

const known = new Map<string, Pattern | PatternError>();
/** Characters of expressions that are remembered. */
const knownLengthMax = 1 << 20;
let knownLength = 0;

/** The pattern of a text, or why it is none. Those that were made before are remembered. */
export function patternOf(text: string): Pattern | PatternError {
  const before = known.get(text);
  if (before !== undefined) return before;
  knownLength += text.length + 1;
  if (knownLength > knownLengthMax) {
    known.clear();
    knownLength = text.length + 1;
  }
  const made = tryPattern(text);
  known.set(text, made);
  return made;
}

function tryPattern(text: string): Pattern | PatternError {
  try {
    return new Pattern(text);
  } catch (error) {
    if (error instanceof PatternError) return error;
    throw error;
  }
}
