import { unreachable } from '../../../base/assert.js';
import { newlines, wordCharacters } from './boundary.js';
import type { CharacterSet } from './character-set.js';
import { type Assertion, type Expression, isNullable } from './syntax-tree.js';

/** One step of a program. */
export type Step =
  /** Takes a character of the set, and goes on at `next`. */
  | { readonly kind: 'take'; readonly set: number; next: number }
  /** Goes on at each of them, the first preferred. */
  | { readonly kind: 'either'; next: number; other: number }
  | { readonly kind: 'assert'; readonly assertion: Assertion; next: number }
  | { readonly kind: 'match' };

/** An expression as steps from one state to another (Thompson, "Regular Expression Search Algorithm", 1968). */
export interface Program {
  readonly steps: readonly Step[];
  readonly start: number;
  /** What `take` steps name. */
  readonly sets: readonly CharacterSet[];
}

/** Makes the program of an expression; it has about as many steps as {@link stepsOf} says. */
export function compileProgram(expression: Expression): Program {
  const compiler = new Compiler();
  const match = compiler.add({ kind: 'match' });
  const start = compiler.compile(expression, match);
  return { steps: compiler.steps, start, sets: compiler.sets };
}

/** How many steps an expression takes: counted repetitions are written out. */
export function stepsOf(expression: Expression): number {
  switch (expression.kind) {
    case 'set':
    case 'assertion':
      return 1;
    case 'sequence':
      return sum(expression.parts.map(stepsOf));
    case 'choice':
      return sum(expression.options.map((option) => stepsOf(option) + 1));
    case 'repeat':
      return (stepsOf(expression.of) + 1) * Math.max(1, expression.max ?? expression.min) + 1;
    default:
      return unreachable(expression);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** Characters that assertions look at. */
const looksAt: Readonly<Record<Assertion, CharacterSet | null>> = {
  'text-start': null,
  'text-end': null,
  'line-start': newlines,
  'line-end': newlines,
  'word-boundary': wordCharacters,
  'no-word-boundary': wordCharacters,
};

/** Writes programs from their ends: what comes next is always there. */
class Compiler {
  readonly steps: Step[] = [];
  readonly sets: CharacterSet[] = [];
  readonly #setNumbers = new Map<string, number>();

  add(step: Step): number {
    return this.steps.push(step) - 1;
  }

  /** Where the expression begins that goes on at `next`. */
  compile(expression: Expression, next: number): number {
    switch (expression.kind) {
      case 'set':
        return this.add({ kind: 'take', set: this.#numberOf(expression.set), next });
      case 'assertion': {
        const { assertion } = expression;
        // Characters that it tells apart are of different classes.
        const set = looksAt[assertion];
        if (set !== null) this.#numberOf(set);
        return this.add({ kind: 'assert', assertion, next });
      }
      case 'sequence':
        return expression.parts.reduceRight((after, part) => this.compile(part, after), next);
      case 'choice': {
        const starts = expression.options.map((option) => this.compile(option, next));
        return starts.reduceRight((other, start) => this.#either(start, other, false));
      }
      case 'repeat':
        return this.#repeat(expression, next);
      default:
        return unreachable(expression);
    }
  }

  #repeat(
    { of, min, max, isLazy }: Extract<Expression, { readonly kind: 'repeat' }>,
    next: number,
  ): number {
    let start = next;
    if (max === null) start = this.#many(of, next, { isLazy, mayBeNone: min === 0 });
    // Each further one may only come after the one before it.
    else
      for (let left = max - min; left > 0; left--)
        start = this.#either(this.compile(of, start), next, isLazy);
    const required = max === null ? Math.max(0, min - 1) : min;
    for (let left = required; left > 0; left--) start = this.compile(of, start);
    return start;
  }

  /** One or more, or none. What can match nothing is only gone round again after it has matched: the order of preferences asks for it. */
  #many(
    of: Expression,
    next: number,
    { isLazy, mayBeNone }: { readonly isLazy: boolean; readonly mayBeNone: boolean },
  ): number {
    const round: Step = { kind: 'either', next, other: next };
    const again = this.add(round);
    const start = this.compile(of, again);
    if (isLazy) round.other = start;
    else round.next = start;
    if (!mayBeNone) return start;
    return isNullable(of) ? this.#either(start, next, isLazy) : again;
  }

  #either(first: number, second: number, isLazy: boolean): number {
    const [next, other] = isLazy ? [second, first] : [first, second];
    return this.add({ kind: 'either', next, other });
  }

  #numberOf(set: CharacterSet): number {
    const known = this.#setNumbers.get(set.key);
    if (known !== undefined) return known;
    this.#setNumbers.set(set.key, this.sets.length);
    return this.sets.push(set) - 1;
  }
}
