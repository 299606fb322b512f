import { CtlCommand } from '../command.js';
import { badArgs, CtlError, ExitCode } from '../exit.js';
import { parseCounter } from '../go/integers.js';
import { action } from '../run.js';

/** `compaction REVISION`. */
export function compactionCommand(): CtlCommand {
  return new CtlCommand('compaction')
    .description('forget the history before a revision')
    .argument('[revision...]')
    .option('--physical', 'wait until the space is free')
    .action(
      action(async (run, args, command) => {
        const [text] = args;
        if (text === undefined || args.length > 1) {
          throw badArgs('compaction command needs 1 argument');
        }
        const revision = readRevision(text);
        const isPhysical = command.opts<{ physical?: boolean }>().physical === true;
        const response = await run.client().kv.compact(revision, { isPhysical });
        run.print('compaction', { response, revision });
      }),
    ) as CtlCommand;
}

/** etcdctl ends with 1, not 128, when the revision is no number. */
function readRevision(text: string): number {
  try {
    return parseCounter(text);
  } catch (error) {
    throw error instanceof CtlError ? new CtlError(ExitCode.error, error.message) : error;
  }
}
