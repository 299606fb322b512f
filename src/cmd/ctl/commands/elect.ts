import { ClientError } from '../../../client/index.js';
import { CtlCommand } from '../command.js';
import { badArgs, CtlError, ExitCode } from '../exit.js';
import { action, type Run, untilInterrupted } from '../run.js';
import { untilAborted } from './until-aborted.js';

const sessionTtlSeconds = 60;

/** `elect NAME PROPOSAL` campaigns; `elect --listen NAME` tells who leads. */
export function electCommand(): CtlCommand {
  return new CtlCommand('elect')
    .description('take part in an election, or observe it')
    .argument('[name...]', 'NAME [PROPOSAL]')
    .option('-l, --listen', 'only observe')
    .action(
      action(async (run, args, command) => {
        const isListening = command.opts<{ listen?: boolean }>().listen === true;
        const [name, proposal] = args;
        if (name === undefined || args.length > 2) {
          throw badArgs('elect takes one election name argument and an optional proposal argument');
        }
        if (isListening && proposal !== undefined) throw badArgs('proposal given but -l is set');
        if (!isListening && proposal === undefined)
          throw badArgs('no proposal argument but -l is not set');
        await untilInterrupted((signal) =>
          proposal === undefined
            ? observe(run, name, signal)
            : campaign(run, { name, proposal, signal }),
        );
      }),
    ) as CtlCommand;
}

async function observe(run: Run, name: string, signal: AbortSignal): Promise<void> {
  const client = run.client();
  try {
    for await (const { header, kv } of client.election(name).observe({ signal })) {
      run.print('get', { header, kvs: [kv], more: false, count: 1 });
    }
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'cancelled')) throw error;
  }
}

async function campaign(
  run: Run,
  options: { readonly name: string; readonly proposal: string; readonly signal: AbortSignal },
): Promise<void> {
  const { name, proposal, signal } = options;
  const client = run.client();
  const session = await client.session({ ttlSeconds: sessionTtlSeconds, signal });
  try {
    const leadership = await client.election(name).campaign(proposal, { session, signal });
    run.print('get', await client.kv.range(leadership.key));
    await untilAborted(signal, session.lost);
    if (session.lost.aborted) throw new CtlError(ExitCode.error, 'elect: session expired');
    await leadership.resign();
  } catch (error) {
    const isGivenUp = error instanceof ClientError && error.code === 'cancelled';
    throw isGivenUp ? new CtlError(ExitCode.error, 'context canceled') : error;
  } finally {
    await session.close();
  }
}
