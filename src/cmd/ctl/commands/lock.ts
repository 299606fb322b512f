import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ClientError } from '../../../client/index.js';
import { CtlCommand } from '../command.js';
import { badArgs, CtlError, ExitCode } from '../exit.js';
import { flagCounter } from '../go/integers.js';
import { action, type Run, untilInterrupted } from '../run.js';
import { untilAborted } from './until-aborted.js';

/** `lock NAME [COMMAND ARG...]`: holds the lock until interrupted, or while the command runs. */
export function lockCommand(): CtlCommand {
  return new CtlCommand('lock')
    .description('acquire a named lock; hold it until interrupted, or while a command runs')
    .argument('[name...]', 'NAME [COMMAND ARG...]')
    .option('--ttl <seconds>', 'how long the lock outlives this program', flagCounter, 10)
    .action(
      action(async (run, args, command) => {
        const [name, ...exec] = args;
        if (name === undefined) {
          throw badArgs('lock takes a lock name argument and an optional command to execute');
        }
        const ttlSeconds = command.opts<{ ttl: number }>().ttl;
        await untilInterrupted((signal) => holdLock(run, { name, exec, ttlSeconds, signal }));
      }),
    ) as CtlCommand;
}

async function holdLock(
  run: Run,
  options: {
    readonly name: string;
    readonly exec: readonly string[];
    readonly ttlSeconds: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { name, exec, ttlSeconds, signal } = options;
  const client = run.client();
  const session = await client.session({ ttlSeconds, signal });
  try {
    const lock = await client.lock(name, { session, signal });
    if (exec.length > 0) {
      const env = { ETCD_LOCK_KEY: lock.key, ETCD_LOCK_REV: String(lock.fencingToken) };
      const exitCode = await runCommand(exec, env);
      await lock.release();
      if (exitCode !== 0) throw new CtlError(exitCode, `exit status ${exitCode}`);
      return;
    }
    run.print('get', await client.kv.range(lock.key));
    await untilAborted(signal, session.lost);
    if (session.lost.aborted) throw new CtlError(ExitCode.error, 'session expired');
    await lock.release();
  } catch (error) {
    const isGivenUp = error instanceof ClientError && error.code === 'cancelled';
    throw isGivenUp ? new CtlError(ExitCode.error, 'context canceled') : error;
  } finally {
    await session.close();
  }
}

async function runCommand(
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: 'inherit' });
  const ended = once(child, 'exit').then(([code]) => (code as number | null) ?? ExitCode.error);
  const failed = once(child, 'error').then(([error]) => {
    throw new CtlError(ExitCode.error, `cannot run ${file}: ${String(error)}`);
  });
  return await Promise.race([ended, failed]);
}
