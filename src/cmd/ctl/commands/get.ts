import type { KeyTarget, RangeOptions, SortBy } from '../../../client/index.js';
import { CtlCommand } from '../command.js';
import { badArgs, CtlError, ExitCode } from '../exit.js';
import { flagCounter } from '../go/integers.js';
import { action } from '../run.js';

interface GetFlags {
  readonly consistency: string;
  readonly countOnly?: boolean;
  readonly fromKey?: boolean;
  readonly keysOnly?: boolean;
  readonly limit: number;
  readonly order: string;
  readonly prefix?: boolean;
  readonly printValueOnly?: boolean;
  readonly rev: number;
  readonly sortBy: string;
}

/** `get KEY [RANGE_END]`, without what it does: transactions read it too. */
export function getSyntax(): CtlCommand {
  return new CtlCommand('get')
    .description('get the key or a range of keys')
    .argument('[key...]', 'KEY [RANGE_END]')
    .option('--consistency <l|s>', 'linearizable (l) or serializable (s)', 'l')
    .option('--count-only', 'get only the count')
    .option('--from-key', 'get keys that are greater than or equal to the key')
    .option('--keys-only', 'get only the keys')
    .option('--limit <n>', 'how many keys at most', flagCounter, 0)
    .option('--order <order>', 'ASCEND or DESCEND', '')
    .option('--prefix', 'get keys with this prefix')
    .option('--print-value-only', 'only write values, in the simple format')
    .option('--rev <revision>', 'the revision to read at', flagCounter, 0)
    .option('--sort-by <target>', 'CREATE, KEY, MODIFY, VALUE or VERSION', '') as CtlCommand;
}

/** `get`. */
export function getCommand(): CtlCommand {
  return getSyntax().action(
    action(async (run, args, command) => {
      const flags = command.opts<GetFlags>();
      const { target, options } = readGet(args, flags);
      const response = await run.client().kv.range(target, options);
      if (flags.printValueOnly && run.settings.format !== 'simple') {
        throw badArgs('print-value-only is only for `--write-out=simple`');
      }
      run.isValueOnly = flags.printValueOnly === true;
      if (flags.countOnly && run.settings.format === 'simple') {
        run.write(`${response.count}\n`);
        return;
      }
      run.print('get', response);
    }),
  ) as CtlCommand;
}

/** What the arguments and flags of a `get` ask for. */
export function readGet(
  args: readonly string[],
  flags: GetFlags,
): { target: KeyTarget; options: RangeOptions } {
  if (args.length === 0) {
    throw badArgs('get command needs one argument as key and an optional argument as range_end');
  }
  const target = readTarget(args, flags);
  const revision = flags.rev;
  const order = orderOf(flags.order);
  const sortBy = sortByOf(flags.sortBy);
  return {
    target,
    options: {
      isSerializable: isSerializable(flags.consistency),
      limit: flags.limit,
      keysOnly: flags.keysOnly === true,
      countOnly: flags.countOnly === true,
      ...(revision > 0 ? { revision } : {}),
      ...(order === undefined ? {} : { order }),
      ...(sortBy === undefined ? {} : { sortBy }),
    },
  };
}

/** The keys that `KEY [RANGE_END]` with `--prefix` and `--from-key` name. */
export function readTarget(
  args: readonly string[],
  flags: { readonly prefix?: boolean; readonly fromKey?: boolean },
): KeyTarget {
  if (flags.prefix && flags.fromKey) {
    throw badArgs('`--prefix` and `--from-key` cannot be set at the same time, choose one');
  }
  const [key = '', rangeEnd] = args;
  if (rangeEnd !== undefined) {
    if (flags.prefix || flags.fromKey) {
      throw badArgs(
        'too many arguments, only accept one argument when `--prefix` or `--from-key` is set',
      );
    }
    return { key, rangeEnd };
  }
  if (flags.prefix) return { prefix: key };
  return flags.fromKey ? { from: key } : key;
}

function isSerializable(consistency: string): boolean {
  if (consistency === 'l' || consistency === 's') return consistency === 's';
  throw new CtlError(
    ExitCode.badFeature,
    `unknown consistency flag ${JSON.stringify(consistency)}`,
  );
}

function orderOf(text: string): RangeOptions['order'] {
  switch (text.toUpperCase()) {
    case '':
      return undefined;
    case 'ASCEND':
      return 'ascend';
    case 'DESCEND':
      return 'descend';
    default:
      throw new CtlError(ExitCode.badFeature, `bad sort order ${text}`);
  }
}

function sortByOf(text: string): SortBy | undefined {
  const targets = ['create', 'key', 'modify', 'value', 'version'] as const;
  if (text === '') return undefined;
  const target = targets.find((name) => name === text.toLowerCase());
  if (target === undefined) throw new CtlError(ExitCode.badFeature, `bad sort target ${text}`);
  return target;
}
