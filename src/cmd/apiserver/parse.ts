import { parseDurationMs } from '../store/parse.js';
import { UsageError } from '../usage-error.js';
import { apiserverFlags, type Flag } from './flags.js';

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

const byName = new Map(apiserverFlags.map((flag) => [flag.name, flag]));

/**
 * Reads a command line as kube-apiserver does: `--flag=value`, `--flag value`, `--boolean`; repeated lists add up, of other flags the
 * last counts. Throws {@link UsageError}.
 */
export function parseApiserverFlags(argv: readonly string[]): ParsedFlags {
  const values = new Map(apiserverFlags.map(({ name, value }) => [name, value]));
  const given = new Map<string, string[]>();
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    const match = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word);
    const flag = byName.get((match?.[1] ?? '').replaceAll('_', '-'));
    if (match === null || flag === undefined) {
      throw new UsageError(`${JSON.stringify(word)} is no flag; see \`flotilla apiserver --help\``);
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

function check(flag: Flag, value: string): void {
  const wrong = (expected: string) =>
    new UsageError(`--${flag.name}: ${JSON.stringify(value)} is not ${expected}`);
  switch (flag.kind) {
    case 'boolean':
      if (value !== 'true' && value !== 'false') throw wrong('true or false');
      break;
    case 'number':
      if (!/^\d+$/.test(value) || !Number.isSafeInteger(Number(value)))
        throw wrong('a whole number');
      break;
    case 'duration':
      if (parseDurationMs(value) === undefined)
        throw wrong('a duration such as 500ms, 10s or 1h30m');
      break;
    case 'string':
    case 'list':
      break;
  }
}

/** The help text of `flotilla apiserver`. */
export function apiserverHelp(): string {
  const lines = apiserverFlags
    .filter(({ effect }) => effect === 'used')
    .map(({ name, kind, value, help }) => {
      const fallback = value === '' ? '' : ` (default ${value})`;
      return `  --${name} ${kind}\n        ${help}${fallback}`;
    });
  const intro =
    "Runs the Kubernetes API on a store. Takes kube-apiserver's flags; those not listed have no effect.";
  return `Usage: flotilla apiserver [flags]\n\n${intro}\n\n${lines.join('\n')}\n`;
}
