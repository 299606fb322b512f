import { relative } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { hostClock } from '../host/clock.js';
import { createConsole } from './up/console.js';
import { FolderError } from './up/folder.js';
import type { NodeRuntime } from './up/plan.js';
import { runCluster, UpError, type UpOptions } from './up/run.js';
import { UsageError } from './usage-error.js';

const exitCodeUsage = 2;
const exitCodeFailure = 1;
/** Six more ports follow the base port. */
const basePortMax = 65_529;
const replicasMax = 7;
const nodesMax = 32;

/** `flotilla up`: a whole cluster on this machine. */
export function upCommand(): Command {
  return new Command('up')
    .description(
      'Run a cluster on this machine, until Ctrl-C: three members of the store, an API server, controllers, a scheduler, DNS, and nodes.',
    )
    .option('--store-only', 'run the store alone')
    .option(
      '--replicas <n>',
      'schedulers and controller managers; one of each leads, the others stand by',
      parseReplicas,
      1,
    )
    .option(
      '--nodes <n>',
      'nodes that run pods (default: as in the last run, at first 1)',
      parseNodes,
    )
    .option(
      '--runtime <name>',
      'what runs containers: process, or cri for a containerd of its own (default: as in the last run, at first process)',
      parseRuntime,
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
    .action((given: UpFlags) =>
      runUntilSignal({
        dataDir: given.dataDir,
        basePort: given.basePort ?? null,
        isStoreOnly: given.storeOnly === true,
        replicas: given.replicas,
        nodes: given.nodes ?? null,
        runtime: given.runtime ?? null,
      }),
    );
}

interface UpFlags {
  readonly dataDir: string;
  readonly basePort?: number;
  readonly storeOnly?: boolean;
  readonly replicas: number;
  readonly nodes?: number;
  readonly runtime?: NodeRuntime;
}

function parseNodes(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > nodesMax) {
    throw new InvalidArgumentError(`Give a number from 0 to ${nodesMax}.`);
  }
  return count;
}

function parseRuntime(text: string): NodeRuntime {
  if (text === 'process' || text === 'cri') return text;
  throw new InvalidArgumentError('Give process or cri.');
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

type Asked = Pick<
  UpOptions,
  'dataDir' | 'basePort' | 'isStoreOnly' | 'replicas' | 'nodes' | 'runtime'
>;

async function runUntilSignal(options: Asked): Promise<void> {
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
