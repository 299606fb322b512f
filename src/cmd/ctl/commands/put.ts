import type { BytesLike, PutOptions } from '../../../client/index.js';
import { CtlCommand } from '../command.js';
import { badArgs, CtlError } from '../exit.js';
import { parseLeaseId } from '../go/integers.js';
import { action } from '../run.js';
import { readAll } from '../stdin.js';

interface PutFlags {
  readonly ignoreLease?: boolean;
  readonly ignoreValue?: boolean;
  readonly lease: string;
  readonly prevKv?: boolean;
}

/** `put KEY [VALUE]`, without what it does. */
export function putSyntax(): CtlCommand {
  return new CtlCommand('put')
    .description('put the value (or what comes on stdin) under the key')
    .argument('[key-value...]', 'KEY [VALUE]')
    .option('--ignore-lease', 'keep the lease of the key')
    .option('--ignore-value', 'keep the value of the key')
    .option('--lease <id>', 'lease to attach to the key, in hexadecimal', '0')
    .option('--prev-kv', 'print the key as it was before') as CtlCommand;
}

/** `put`. */
export function putCommand(): CtlCommand {
  return putSyntax().action(
    action(async (run, args, command) => {
      const { key, value, options } = await readPut(args, command.opts<PutFlags>(), readAll);
      run.print('put', await run.client().kv.put(key, value, options));
    }),
  ) as CtlCommand;
}

/** What the arguments and flags of a `put` ask for. A value that is not an argument is read by `readValue`. */
export async function readPut(
  args: readonly string[],
  flags: PutFlags,
  readValue: () => Promise<Uint8Array>,
): Promise<{ key: string; value: BytesLike; options: PutOptions }> {
  const [key] = args;
  if (key === undefined) {
    throw badArgs('put command needs 1 argument and input from stdin or 2 arguments');
  }
  if (flags.ignoreValue && args.length > 1) {
    throw badArgs("put command needs only 1 argument when 'ignore-value' is set");
  }
  const value = flags.ignoreValue ? '' : (args[1] ?? (await readValue()));
  if (args[1] === undefined && !flags.ignoreValue && value.length === 0) {
    throw badArgs('put command needs 1 argument and input from stdin or 2 arguments');
  }
  const options = {
    lease: readLease(flags.lease),
    prevKv: flags.prevKv === true,
    ignoreLease: flags.ignoreLease === true,
    ignoreValue: flags.ignoreValue === true,
  };
  return { key, value, options };
}

function readLease(text: string): bigint {
  try {
    return parseLeaseId(text);
  } catch (error) {
    if (!(error instanceof CtlError)) throw error;
    throw badArgs(`bad lease ID (${error.message}), expecting ID in Hex`);
  }
}
