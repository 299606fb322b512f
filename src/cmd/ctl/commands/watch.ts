import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Client, ClientError, EventType, type WatchBatch } from '../../../client/index.js';
import { WatchResponse } from '../../../wire/index.js';
import { CtlCommand } from '../command.js';
import { badArgs, CtlError, ExitCode } from '../exit.js';
import { flagCounter } from '../go/integers.js';
import { goQuote } from '../go/quote.js';
import { action, type Run } from '../run.js';
import { readLines } from '../stdin.js';
import { splitWords } from '../txn-grammar.js';
import { readTarget } from './get.js';

interface WatchFlags {
  readonly interactive?: boolean;
  readonly prefix?: boolean;
  readonly prevKv?: boolean;
  readonly progressNotify?: boolean;
  readonly rev: number;
}

function watchSyntax(): CtlCommand {
  return new CtlCommand('watch')
    .description('watch keys; after `--`, a command to run for each event')
    .argument('[key...]', 'KEY [RANGE_END] [-- COMMAND ARG...]')
    .option('-i, --interactive', 'read watch commands from stdin')
    .option('--prefix', 'watch keys with this prefix')
    .option('--prev-kv', 'print the key as it was before')
    .option('--progress-notify', 'print how far the watch has come when nothing happens')
    .option('--rev <revision>', 'the first revision to report', flagCounter, 0) as CtlCommand;
}

/** `watch KEY [RANGE_END] [-- COMMAND...]`. */
export function watchCommand(): CtlCommand {
  return watchSyntax().action(
    action(async (run, args, command) => {
      const flags = command.opts<WatchFlags>();
      if (flags.interactive) {
        await watchInteractively(run);
        return;
      }
      const { keys, exec } = splitExec(args, rawArgs(command));
      const [key = process.env.ETCDCTL_WATCH_KEY, end = process.env.ETCDCTL_WATCH_RANGE_END] = keys;
      if (key === undefined || keys.length > 2) throw badArgs('bad number of arguments');
      const target = end === undefined ? [key] : [key, end];
      await follow(run, run.client(), target, flags, exec);
    }),
  ) as CtlCommand;
}

/** Every line is a `watch` command, or `progress`. They run side by side until the input ends. */
async function watchInteractively(run: Run): Promise<void> {
  const client = run.client();
  for await (const line of readLines()) {
    const [name, ...args] = splitWords(line);
    if (name === 'progress') client.requestProgress();
    else if (name !== 'watch') {
      run.complain(`Invalid command ${line} (only support watch and progress)`);
    } else {
      const command = watchSyntax()
        .exitOverride()
        .configureOutput({ writeErr: () => {} });
      try {
        command.parse(args, { from: 'user' });
        const { keys, exec } = splitExec(command.args, args);
        if (keys.length === 0 || keys.length > 2) throw badArgs('bad number of arguments');
        follow(run, client, keys, command.opts<WatchFlags>(), exec).catch((error: unknown) => {
          run.complain(`Error: ${(error as Error).message}`);
        });
      } catch (error) {
        run.complain(`Invalid command ${line} (${(error as Error).message})`);
      }
    }
  }
  throw new CtlError(ExitCode.invalidInput, 'Error reading watch request line: EOF');
}

async function follow(
  run: Run,
  client: Client,
  keys: readonly string[],
  flags: WatchFlags,
  exec: readonly string[],
): Promise<void> {
  const startRevision = flags.rev;
  const watcher = client.watch(readTarget(keys, { prefix: flags.prefix === true }), {
    prevKv: flags.prevKv === true,
    progressNotify: flags.progressNotify === true,
    ...(startRevision > 0 ? { startRevision } : {}),
  });
  try {
    for await (const batch of watcher) await report(run, batch, exec);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    if (error.code === 'closed') return;
    run.complain(`watch was canceled (${error.message})`);
    throw new CtlError(ExitCode.interrupted, 'watch is canceled by the server', { cause: error });
  }
}

async function report(run: Run, batch: WatchBatch, exec: readonly string[]): Promise<void> {
  const { header, events } = batch;
  if (events.length === 0) run.write(`progress notify: ${batch.revision}\n`);
  run.print('watch', WatchResponse.create({ header, events }));
  for (const event of exec.length === 0 ? [] : events) {
    await runFor(exec, {
      ETCD_WATCH_REVISION: String(header.revision),
      ETCD_WATCH_EVENT_TYPE: `"${event.type === EventType.DELETE ? 'DELETE' : 'PUT'}"`,
      ETCD_WATCH_KEY: goQuote(event.kv?.key ?? new Uint8Array(0)),
      ETCD_WATCH_VALUE: goQuote(event.kv?.value ?? new Uint8Array(0)),
    });
  }
}

async function runFor([file = '', ...args]: readonly string[], env: Record<string, string>) {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: 'inherit' });
  const failed = once(child, 'error').then(([error]) => `cannot be started: ${error}`);
  const ended = once(child, 'exit').then(([code]) => (code === 0 ? '' : `ended with ${code}`));
  const problem = await Promise.race([failed, ended]);
  if (problem !== '') throw new CtlError(ExitCode.error, `command ${file} ${problem}`);
}

/** The arguments before and after `--`; commander has dropped it, the raw arguments have it. */
function splitExec(args: readonly string[], raw: readonly string[]) {
  const at = raw.indexOf('--');
  const execCount = at < 0 ? 0 : raw.length - at - 1;
  return {
    keys: args.slice(0, args.length - execCount),
    exec: args.slice(args.length - execCount),
  };
}

function rawArgs(command: {
  readonly parent: unknown;
  readonly args: string[];
}): readonly string[] {
  let root = command as { parent: unknown; rawArgs?: string[] };
  while (root.parent !== null) root = root.parent as typeof root;
  return root.rawArgs ?? [];
}
