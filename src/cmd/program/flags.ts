import { parseDurationMs } from '../flag-duration.js';
import { UsageError } from '../usage-error.js';

/** How a value is read. Booleans take `--flag` and `--flag=false`; lists take commas and may be repeated; decimals have fractions. */
export type FlagKind =
  | 'string'
  | 'boolean'
  | 'number'
  | 'integer'
  | 'decimal'
  | 'duration'
  | 'list';

/** One flag of a program. */
export interface Flag {
  readonly name: string;
  readonly kind: FlagKind;
  /** What it has when nobody gives it, as on the command line. */
  readonly value: string;
  /** `ignored`: it has no meaning in this design; it is accepted, and named in one warning. */
  readonly effect: 'used' | 'ignored';
  /** For `used`: what it does. For the others: why not. */
  readonly help: string;
}

/** Values by flag name as text, lists joined with commas, and which were given. */
export class ParsedFlags {
  readonly #values: ReadonlyMap<string, string>;
  /** Of each flag that was given what was given, in order. */
  readonly #occurrences: ReadonlyMap<string, readonly string[]>;

  constructor(
    values: ReadonlyMap<string, string>,
    occurrences: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#values = values;
    this.#occurrences = occurrences;
  }

  get given(): ReadonlySet<string> {
    return new Set(this.#occurrences.keys());
  }

  /** What a flag was given each time, for lists whose items have commas. */
  occurrences(name: string): readonly string[] {
    return this.#occurrences.get(name) ?? [];
  }

  text(name: string): string {
    return this.#values.get(name) ?? '';
  }

  isTrue(name: string): boolean {
    return this.text(name) === 'true';
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  durationMs(name: string): number {
    return parseDurationMs(this.text(name)) ?? 0;
  }

  list(name: string): readonly string[] {
    return this.text(name)
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
}

/**
 * Reads a command line as Kubernetes' components do: `--flag=value`, `--flag value`, `--boolean`; repeated lists add up, of other flags
 * the last counts. `program` is for the texts: `flotilla apiserver`. Throws {@link UsageError}.
 */
export function parseFlags(
  program: string,
  table: readonly Flag[],
  argv: readonly string[],
): ParsedFlags {
  const byName = new Map(table.map((flag) => [dashed(flag.name), flag]));
  const values = new Map(table.map(({ name, value }) => [name, value]));
  const given = new Map<string, string[]>();
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    const match = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word);
    const flag = byName.get(dashed(match?.[1] ?? ''));
    if (match === null || flag === undefined) {
      throw new UsageError(`${JSON.stringify(word)} is no flag; see \`${program} --help\``);
    }
    let value = match[2];
    if (value === undefined && flag.kind === 'boolean') value = 'true';
    if (value === undefined) {
      at++;
      value = argv[at];
      if (value === undefined) throw new UsageError(`--${flag.name} needs a value`);
    }
    check(flag, value);
    const before = given.has(flag.name) && flag.kind === 'list' ? `${values.get(flag.name)},` : '';
    values.set(flag.name, before + value);
    given.set(flag.name, [...(given.get(flag.name) ?? []), value]);
  }
  return new ParsedFlags(values, given);
}

/** Kubernetes reads `_` in the name of a flag as `-`. */
function dashed(name: string): string {
  return name.replaceAll('_', '-');
}

const forms: Readonly<Partial<Record<FlagKind, { readonly form: RegExp; readonly text: string }>>> =
  {
    boolean: { form: /^(true|false)$/, text: 'true or false' },
    number: { form: /^\d+$/, text: 'a whole number' },
    integer: { form: /^-?\d+$/, text: 'a whole number' },
    decimal: { form: /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i, text: 'a number' },
  };

function check(flag: Flag, value: string): void {
  const wrong = (expected: string) =>
    new UsageError(`--${flag.name}: ${JSON.stringify(value)} is not ${expected}`);
  if (flag.kind === 'duration' && parseDurationMs(value) === undefined) {
    throw wrong('a duration such as 500ms, 10s or 1h30m');
  }
  const rule = forms[flag.kind];
  if (rule === undefined) return;
  if (!rule.form.test(value)) throw wrong(rule.text);
  const isWhole = flag.kind === 'number' || flag.kind === 'integer';
  if (isWhole && !Number.isSafeInteger(Number(value))) throw wrong(rule.text);
}

/** The help text of a program: the flags that do something. */
export function flagsHelp(program: string, intro: string, table: readonly Flag[]): string {
  const lines = table
    .filter(({ effect }) => effect === 'used')
    .map(({ name, kind, value, help }) => {
      const fallback = value === '' ? '' : ` (default ${value})`;
      return `  --${name} ${kind}\n        ${help}${fallback}`;
    });
  return `Usage: ${program} [flags]\n\n${intro}\n\n${lines.join('\n')}\n`;
}
