import { homedir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseIp } from '../control/machinery/ip-address.js';
import { hostClock } from '../host/clock.js';
import { CommandError } from '../host/command.js';
import { MergeError } from './credentials/merge-kubeconfig.js';
import { runAsSubcommand } from './root-command.js';
import { createConsole } from './up/console.js';
import { FolderError } from './up/folder.js';
import type { NodeRuntime } from './up/plan.js';
import { portCount } from './up/ports.js';
import { runCluster, UpError, type UpOptions } from './up/run.js';
import { UsageError } from './usage-error.js';

const exitCodeUsage = 2;
const exitCodeFailure = 1;
const replicasMax = 7;
const nodesMax = 32;
const simulatedMax = 5000;
/** One Ctrl-C may come twice: npm hands on what the terminal has sent to all. */
const sameWishMs = 1000;

/** `flotilla up`, called by its name. */
export function main(argv: readonly string[]): Promise<void> {
  return runAsSubcommand(upCommand(), argv);
}

/** `flotilla up`: a whole cluster on this machine. */
export function upCommand(): Command {
  return new Command('up')
    .description(
      'Run a cluster on this machine, until Ctrl-C: three members of the store, an API server, controllers, a scheduler, DNS, and nodes.',
    )
    .option('--store-only', 'run the store alone')
    .option(
      '--replicas <n>',
      'API servers, schedulers and controller managers; of the latter one each leads, the others stand by',
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
      '--simulated-nodes <n>',
      'nodes that only pretend, besides; they have the taint flotilla.dev/simulated where there are real ones',
      parseSimulatedNodes,
      0,
    )
    .option(
      '--ip-families <list>',
      'of a new cluster, as root: IPv4, or IPv4,IPv6 for nodes, pods and services with addresses of both (default: IPv4)',
      parseFamilies,
    )
    .option(
      '--node-ports-address <address>',
      "as root: the address of this machine that has services' node ports as well as the nodes; 0.0.0.0 is all of them, none is none",
      parseNodePorts,
      '127.0.0.1',
    )
    .option(
      '--ports <ports>',
      "of a new cluster: the first of seven in a row, or all seven: client and peer of each member, and the API server's (default: 2379,2380,22379,22380,32379,32380,6443)",
      parsePorts,
    )
    .addOption(new Option('--base-port <port>').argParser(parsePorts).hideHelp())
    .option(
      '--merge-kubeconfig [file]',
      'also make this cluster the current context of a kubeconfig (default: the first of $KUBECONFIG, or ~/.kube/config)',
    )
    .allowExcessArguments(false)
    .action((given: UpFlags) =>
      runUntilSignal({
        dataDir: given.dataDir,
        ports: given.ports ?? given.basePort ?? null,
        isStoreOnly: given.storeOnly === true,
        replicas: given.replicas,
        nodes: given.nodes ?? null,
        runtime: given.runtime ?? null,
        hasIpv6: given.ipFamilies ?? null,
        simulatedNodes: given.simulatedNodes,
        nodePortsHost: given.nodePortsAddress === 'none' ? null : given.nodePortsAddress,
        mergeInto: mergeTarget(given.mergeKubeconfig),
      }),
    );
}

interface UpFlags {
  readonly dataDir: string;
  readonly ports?: readonly number[];
  readonly basePort?: readonly number[];
  readonly simulatedNodes: number;
  /** Whether IPv6 is among them. */
  readonly ipFamilies?: boolean;
  readonly nodePortsAddress: string;
  readonly mergeKubeconfig?: string | true;
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

function parseFamilies(text: string): boolean {
  if (text === 'IPv4' || text === 'IPv4,IPv6') return text !== 'IPv4';
  throw new InvalidArgumentError('Give IPv4, or IPv4,IPv6.');
}

function parseRuntime(text: string): NodeRuntime {
  if (text === 'process' || text === 'cri') return text;
  throw new InvalidArgumentError('Give process or cri.');
}

/** One port is the first of seven. */
function parsePorts(text: string): readonly number[] {
  const numbers = text.split(',').map((word) => (/^\d+$/.test(word) ? Number(word) : 0));
  const [first = 0] = numbers;
  const ports =
    numbers.length === 1 ? Array.from({ length: portCount }, (_, at) => first + at) : numbers;
  const isValid = ports.every((port) => port > 0 && port < 65_536);
  if (ports.length === portCount && isValid && first > 0 && new Set(ports).size === portCount)
    return ports;
  throw new InvalidArgumentError(
    `Give one number from 1 to ${65_536 - portCount}, or ${portCount} different ones with commas.`,
  );
}

function parseNodePorts(text: string): string {
  if (text === 'none' || parseIp(text)?.address.version === 4) return text;
  throw new InvalidArgumentError('Give an IPv4 address of this machine, or none.');
}

function parseSimulatedNodes(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > simulatedMax) {
    throw new InvalidArgumentError(`Give a number from 0 to ${simulatedMax}.`);
  }
  return count;
}

/** Where kubectl looks without being told. */
function mergeTarget(given: string | true | undefined): string | null {
  if (given === undefined) return null;
  if (given !== true) return given;
  const [first = ''] = (process.env.KUBECONFIG ?? '').split(delimiter);
  return first === '' ? join(homedir(), '.kube', 'config') : first;
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
  | ('dataDir' | 'ports' | 'isStoreOnly' | 'replicas')
  | ('nodes' | 'runtime' | 'hasIpv6' | 'simulatedNodes' | 'mergeInto' | 'nodePortsHost')
>;

async function runUntilSignal(options: Asked): Promise<void> {
  const stop = new AbortController();
  const stopNow = new AbortController();
  let firstAt = 0;
  const onSignal = () => {
    if (!stop.signal.aborted) {
      firstAt = hostClock.now();
      stop.abort();
    } else if (hostClock.now() - firstAt > sameWishMs) stopNow.abort();
  };
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
    const isExpected = [UpError, FolderError, UsageError, MergeError, CommandError].some(
      (kind) => error instanceof kind,
    );
    const text = describe(error, isExpected);
    process.stderr.write(`flotilla up: ${text}\n`);
    process.exit(error instanceof UsageError ? exitCodeUsage : exitCodeFailure);
  }
}

function describe(error: unknown, isExpected: boolean): string {
  if (!(error instanceof Error)) return String(error);
  return isExpected ? error.message : (error.stack ?? error.message);
}
