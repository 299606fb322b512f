import { Command, CommanderError, Option } from 'commander';
import { parseDurationMs } from '../flag-duration.js';
import { UsageError } from '../usage-error.js';
import { type Flag, storeFlags } from './flags.js';

/** Values by flag name as text, and which were set (on the command line or in the environment). */
export interface ParsedFlags {
  readonly values: ReadonlyMap<string, string>;
  readonly set: ReadonlySet<string>;
}

/**
 * Reads etcd's command line: `--flag value`, `--flag=value` and the same with one dash; booleans take a value only after
 * `=`. Flags win over FLOTILLA_NAME variables, which win over ETCD_NAME variables. Throws {@link UsageError}.
 */
export function parseStoreFlags(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedFlags {
  const fromArgs = parseArgs(argv);
  return parsedFlags(
    (flag) =>
      fromArgs.get(flag.name) ?? env[envName('FLOTILLA', flag)] ?? env[envName('ETCD', flag)],
  );
}

/** The values that `look` finds, checked, and the defaults of the rest. Throws {@link UsageError}. */
export function parsedFlags(look: (flag: Flag) => string | undefined): ParsedFlags {
  const values = new Map<string, string>();
  const set = new Set<string>();
  for (const flag of storeFlags) {
    const given = look(flag);
    if (given !== undefined) set.add(flag.name);
    const value = given ?? flag.value;
    check(flag, value);
    values.set(flag.name, value);
  }
  return { values, set };
}

/** The help text of `flotilla store`. */
export function storeHelp(): string {
  return storeCommand().helpInformation();
}

function envName(prefix: string, flag: Flag): string {
  return `${prefix}_${flag.name.toUpperCase().replaceAll('-', '_')}`;
}

function storeCommand(): Command {
  const command = new Command('flotilla store')
    .description("Runs one member of a store cluster. Takes etcd's flags.")
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
  for (const flag of storeFlags) command.addOption(toOption(flag));
  return command;
}

function toOption(flag: Flag): Option {
  const argument = flag.kind === 'boolean' ? '[true|false]' : `<${flag.kind}>`;
  const preset = flag.value === '' ? '' : ` (default: ${flag.value})`;
  const option = new Option(`--${flag.name} ${argument}`, flag.help + preset);
  return flag.effect === 'used' ? option : option.hideHelp();
}

function parseArgs(argv: readonly string[]): ReadonlyMap<string, string> {
  const command = storeCommand();
  try {
    command.parse(argv.map(normalise), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const advice = 'see `flotilla store --help`';
    throw new UsageError(`${error.message.replace(/^error: /, '')}; ${advice}`, { cause: error });
  }
  const given = new Map<string, string>();
  for (const flag of storeFlags) {
    const value: unknown = command.getOptionValue(toCamel(flag.name));
    if (value !== undefined) given.set(flag.name, value === true ? 'true' : String(value));
  }
  return given;
}

/** One dash is as good as two; `--flag` alone means true, so a boolean never swallows the next word. */
function normalise(word: string): string {
  const match = /^-{1,2}([a-z][\w-]*)(=.*)?$/s.exec(word);
  const name = match?.[1];
  const flag = storeFlags.find((candidate) => candidate.name === name);
  if (match === null || flag === undefined) return word;
  const value = match[2] ?? (flag.kind === 'boolean' ? '=true' : '');
  return `--${flag.name}${value}`;
}

function toCamel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

function check(flag: Flag, value: string): void {
  if (value === '') return;
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
        throw wrong('a duration such as 500ms, 10s, 5m or 1h30m');
      break;
    case 'string':
    case 'urls':
      break;
  }
}
