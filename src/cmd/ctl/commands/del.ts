import type { KeyTarget } from '../../../client/index.js';
import { CtlCommand } from '../command.js';
import { badArgs } from '../exit.js';
import { action } from '../run.js';
import { readTarget } from './get.js';

interface DelFlags {
  readonly fromKey?: boolean;
  readonly prefix?: boolean;
  readonly prevKv?: boolean;
}

/** `del KEY [RANGE_END]`, without what it does. */
export function delSyntax(): CtlCommand {
  return new CtlCommand('del')
    .description('remove the key or a range of keys')
    .argument('[key...]', 'KEY [RANGE_END]')
    .option('--from-key', 'remove keys that are greater than or equal to the key')
    .option('--prefix', 'remove keys with this prefix')
    .option('--prev-kv', 'print what was removed') as CtlCommand;
}

/** `del`. */
export function delCommand(): CtlCommand {
  return delSyntax().action(
    action(async (run, args, command) => {
      const { target, prevKv } = readDel(args, command.opts<DelFlags>());
      run.print('del', await run.client().kv.delete(target, { prevKv }));
    }),
  ) as CtlCommand;
}

/** What the arguments and flags of a `del` ask for. */
export function readDel(
  args: readonly string[],
  flags: DelFlags,
): { target: KeyTarget; prevKv: boolean } {
  if (args.length === 0) {
    throw badArgs('del command needs one argument as key and an optional argument as range_end');
  }
  return { target: readTarget(args, flags), prevKv: flags.prevKv === true };
}
