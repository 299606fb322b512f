import { relative } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { hostClock } from '../host/clock.js';
import { createConsole } from './up/console.js';
import { FolderError } from './up/folder.js';
import { runCluster, UpError } from './up/run.js';
import { UsageError } from './usage-error.js';

const exitCodeUsage = 2;
const exitCodeFailure = 1;
/** Six more ports follow the base port. */
const basePortMax = 65_529;
const replicasMax = 7;

/** `flotilla up`: a cluster on this machine, of three members of the store, an API server, controllers and a scheduler. */
export function upCommand(): Command {
  return new Command('up')
    .description(
      'Run a cluster on this machine, until Ctrl-C: three members of the store, an API server, controllers, a scheduler.',
    )
    .option('--store-only', 'run the store alone')
    .option(
      '--replicas <n>',
      'schedulers and controller managers; one of each leads, the others stand by',
      parseReplicas,
      1,
    )
    .option(
      '--data-dir <folder>',
      'where the data of the members and their logs go',
      'flotilla-data',
    )
    .option(
      '--base-port <port>',
      "seven ports from here on, for a new cluster (default: etcd's usual 2379, 2380, 22379, 22380, 32379, 32380, and 6443)",
      parseBasePort,
    )
    .allowExcessArguments(false)
    .action(
      (options: { dataDir: string; basePort?: number; storeOnly?: boolean; replicas: number }) =>
        runUntilSignal({
          dataDir: options.dataDir,
          basePort: options.basePort ?? null,
          isStoreOnly: options.storeOnly === true,
          replicas: options.replicas,
        }),
    );
}

function parseBasePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > basePortMax) {
    throw new InvalidArgumentError(`Give a number from 1 to ${basePortMax}.`);
  }
  return port;
}

function parseReplicas(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > replicasMax) {
    throw new InvalidArgumentError(`Give a number from 1 to ${replicasMax}.`);
  }
  return count;
}

async function runUntilSignal(options: {
  readonly dataDir: string;
  readonly basePort: number | null;
  readonly isStoreOnly: boolean;
  readonly replicas: number;
}): Promise<void> {
  const stop = new AbortController();
  const stopNow = new AbortController();
  const onSignal = () => (stop.signal.aborted ? stopNow.abort() : stop.abort());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  try {
    await runCluster({
      ...options,
      invocation: `node ${relative(process.cwd(), process.argv[1] ?? '') || 'bin/flotilla'}`,
      clock: hostClock,
      console: createConsole(process.stdout, process.env),
      stop: stop.signal,
      stopNow: stopNow.signal,
    });
    process.exit(stopNow.signal.aborted ? exitCodeFailure : 0);
  } catch (error) {
    const isExpected =
      error instanceof UpError || error instanceof FolderError || error instanceof UsageError;
    const text = isExpected ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`flotilla up: ${text}\n`);
    process.exit(error instanceof UsageError ? exitCodeUsage : exitCodeFailure);
  }
}
