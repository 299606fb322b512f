import { assert } from '../../../base/assert.js';
import type { ControllerFlag, FlagValues } from '../controller.js';

/** The values of flags by name: of a `file` what it holds, null without one. */
export type FlagInputs = ReadonlyMap<string, number | boolean | string | null>;

/** The values of a controller's own flags; the defaults of those that are not in `inputs`. */
export function flagValues(flags: readonly ControllerFlag[], inputs: FlagInputs): FlagValues {
  return new DeclaredValues(flags, inputs);
}

/** What flags have when nobody gives them. */
export function defaultFlagInput(flag: ControllerFlag): number | boolean | string | null {
  return flag.kind === 'file' ? null : flag.default;
}

class DeclaredValues implements FlagValues {
  readonly #flags: ReadonlyMap<string, ControllerFlag>;
  readonly #inputs: FlagInputs;

  constructor(flags: readonly ControllerFlag[], inputs: FlagInputs) {
    this.#flags = new Map(flags.map((flag) => [flag.name, flag]));
    this.#inputs = inputs;
  }

  integer(name: string): number {
    return this.#number(name, 'integer');
  }

  number(name: string): number {
    return this.#number(name, 'number');
  }

  durationMs(name: string): number {
    return this.#number(name, 'duration');
  }

  boolean(name: string): boolean {
    const value = this.#value(name, 'boolean');
    assert(typeof value === 'boolean', `the flag ${name} is not true or false`);
    return value;
  }

  text(name: string): string {
    const value = this.#value(name, 'text');
    assert(typeof value === 'string', `the flag ${name} is no text`);
    return value;
  }

  file(name: string): string | null {
    const value = this.#value(name, 'file');
    assert(value === null || typeof value === 'string', `the flag ${name} is no file`);
    return value;
  }

  #number(name: string, kind: ControllerFlag['kind']): number {
    const value = this.#value(name, kind);
    assert(typeof value === 'number', `the flag ${name} is no number`);
    return value;
  }

  #value(name: string, kind: ControllerFlag['kind']): number | boolean | string | null {
    const flag = this.#flags.get(name);
    assert(flag !== undefined, `the controller does not declare the flag ${name}`);
    assert(flag.kind === kind, `the flag ${name} is of kind ${flag.kind}, not ${kind}`);
    const value = this.#inputs.get(name);
    return value === undefined ? defaultFlagInput(flag) : value;
  }
}
