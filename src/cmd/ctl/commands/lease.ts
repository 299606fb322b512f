import { ClientError } from '../../../client/index.js';
import { CtlCommand } from '../command.js';
import { badArgs, CtlError, ExitCode } from '../exit.js';
import { leaseHex, parseCounter, parseLeaseId } from '../go/integers.js';
import { action, type Run, untilInterrupted } from '../run.js';

/** `lease grant | revoke | timetolive | list | keep-alive`. */
export function leaseCommand(): CtlCommand {
  const lease = new CtlCommand('lease').description('lease commands');
  lease
    .command('grant')
    .description('grant a lease')
    .argument('[ttl...]', 'time to live in seconds')
    .action(action(grant));
  lease
    .command('revoke')
    .description('end a lease and delete its keys')
    .argument('[id...]')
    .action(action(revoke));
  lease
    .command('timetolive')
    .description('how long a lease has left')
    .argument('[id...]')
    .option('--keys', 'print the keys attached to the lease')
    .action(
      action((run, args, command) =>
        timeToLive(run, args, command.opts<{ keys?: boolean }>().keys === true),
      ),
    );
  lease
    .command('list')
    .description('all leases')
    .action(action(async (run) => run.print('leaseList', await run.client().lease.list())));
  lease
    .command('keep-alive')
    .description('keep a lease alive')
    .argument('[id...]')
    .option('--once', 'renew once and end')
    .action(
      action((run, args, command) =>
        command.opts<{ once?: boolean }>().once ? renewOnce(run, args) : keepAlive(run, args),
      ),
    );
  return lease;
}

async function grant(run: Run, args: readonly string[]): Promise<void> {
  if (args.length !== 1) throw badArgs('lease grant command needs TTL argument');
  const ttl = reworded(
    (message) => `bad TTL (${message})`,
    () => parseCounter(args[0] ?? ''),
  );
  const response = await failing('failed to grant lease', run.client().lease.grant(ttl));
  run.print('leaseGrant', { ...response, header: response.header });
}

async function revoke(run: Run, args: readonly string[]): Promise<void> {
  if (args.length !== 1) throw badArgs('lease revoke command needs 1 argument');
  const id = readId(args);
  const response = await failing('failed to revoke lease', run.client().lease.revoke(id));
  run.print('leaseRevoke', { response, id });
}

async function timeToLive(run: Run, args: readonly string[], withKeys: boolean): Promise<void> {
  if (args.length !== 1) throw badArgs('lease timetolive command needs lease ID as argument');
  const response = await run.client().lease.timeToLive(readId(args), { keys: withKeys });
  run.print('leaseTimeToLive', { response, withKeys });
}

async function renewOnce(run: Run, args: readonly string[]): Promise<void> {
  const id = readKeepAliveId(args);
  try {
    run.print('leaseKeepAlive', await run.client().lease.keepAliveOnce(id));
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new CtlError(ExitCode.badConnection, error.message, { cause: error });
  }
}

/** Renews until the lease is gone, which is how the command ends, or until it is interrupted. */
async function keepAlive(run: Run, args: readonly string[]): Promise<void> {
  const id = readKeepAliveId(args);
  await untilInterrupted(async (signal) => {
    const keeper = run.client().lease.keepAlive(id, {
      signal,
      onRenewed: (response) => run.print('leaseKeepAlive', response),
    });
    await new Promise<void>((resolve) => {
      keeper.lost.addEventListener('abort', () => resolve(), { once: true });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    if (keeper.lost.aborted && run.settings.format === 'simple') {
      run.write(`lease ${leaseHex(id)} expired or revoked.\n`);
    }
  });
}

function readKeepAliveId(args: readonly string[]): bigint {
  if (args.length !== 1) throw badArgs('lease keep-alive command needs lease ID as argument');
  return readId(args);
}

function readId([text = '']: readonly string[]): bigint {
  return reworded(
    (message) => `bad lease ID arg (${message}), expecting ID in Hex`,
    () => parseLeaseId(text),
  );
}

function reworded<T>(word: (message: string) => string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof CtlError ? badArgs(word(error.message)) : error;
  }
}

async function failing<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new CtlError(ExitCode.error, `${what} (${error.message})`, { cause: error });
  }
}
