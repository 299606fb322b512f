import type { Compare, Operation } from '../../../client/index.js';
import { CtlCommand } from '../command.js';
import { badArgs, CtlError, ExitCode } from '../exit.js';
import { action, type Run } from '../run.js';
import { readLines } from '../stdin.js';
import { parseCompare, parseOperation } from '../txn-grammar.js';

/** `txn`: guards, then operations for success, then for failure come on stdin, each list ended by an empty line. */
export function txnCommand(): CtlCommand {
  return new CtlCommand('txn')
    .description('run a transaction that is read from stdin')
    .argument('[none...]')
    .option('-i, --interactive', 'ask for the parts of the transaction')
    .action(
      action(async (run, args, command) => {
        if (args.length > 0) throw badArgs('txn command does not accept argument');
        const isInteractive = command.opts<{ interactive?: boolean }>().interactive === true;
        const { compares, success, failure } = await readTxn(run, isInteractive);
        const txn = run.client().kv.txn();
        const { response } = await txn
          .if(...compares)
          .then(...success)
          .else(...failure)
          .commit();
        run.print('txn', response);
      }),
    ) as CtlCommand;
}

async function readTxn(run: Run, isInteractive: boolean) {
  const lines = readLines();
  const ask = (prompt: string) => {
    if (isInteractive) run.write(`${prompt}\n`);
  };
  ask('compares:');
  const compares: Compare[] = [];
  for await (const line of untilEmpty(lines)) compares.push(parseCompare(line));
  ask('success requests (get, put, del):');
  const success: Operation<unknown>[] = [];
  for await (const line of untilEmpty(lines)) success.push(await parseOperation(line));
  ask('failure requests (get, put, del):');
  const failure: Operation<unknown>[] = [];
  for await (const line of untilEmpty(lines)) failure.push(await parseOperation(line));
  return { compares, success, failure };
}

/** Lines up to an empty one; the end of the input before it is an error. */
async function* untilEmpty(lines: AsyncIterator<string>): AsyncGenerator<string> {
  for (;;) {
    const next = await lines.next();
    if (next.done) throw new CtlError(ExitCode.invalidInput, 'EOF');
    const line = next.value.trim();
    if (line === '') return;
    yield line;
  }
}
