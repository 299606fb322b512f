import { setMaxListeners } from 'node:events';
import { Command } from 'commander';
import { KubeconfigError, readKubeconfig } from '../control/client/index.js';
import { SimulatedNodes } from '../control/kubelet/simulated/index.js';
import { hostClock } from '../host/clock.js';
import { entropyPrng } from '../host/entropy.js';
import { createLogger, fileDestination } from '../host/log-sink.js';
import { kubeletFlags } from './kubelet/flags.js';
import { serveFleetControl } from './kubelet/fleet-control.js';
import { runKubelet } from './kubelet/run.js';
import {
  addSimulatedFlags,
  fleetSettings,
  type SimulatedFlags,
} from './kubelet/simulated-flags.js';
import { protocolMeaning, protocolNamed } from './program/api-protocol.js';
import { runProgram } from './program/run-program.js';
import { UsageError } from './usage-error.js';

const stderrFd = 2;
const exitCodeUsage = 2;
const exitCodeFailure = 1;

interface KubeletFlags extends SimulatedFlags {
  readonly kubeconfig: string;
  readonly runtime: string;
  readonly apiProtocol: string;
}

/** `flotilla kubelet`: the agent of this machine's node, or, with `--runtime=simulated`, many nodes without machines. */
export async function main(argv: readonly string[]): Promise<void> {
  if (isSimulated(argv)) {
    await kubeletCommand().parseAsync([...argv], { from: 'user' });
    return;
  }
  await runProgram(
    {
      name: 'kubelet',
      intro:
        "Runs the pods that are bound to this machine's node. With --runtime=simulated: see there.",
      flags: kubeletFlags,
      run: (flags, options) => runKubelet(flags, argv, options),
    },
    argv,
  );
}

function isSimulated(argv: readonly string[]): boolean {
  return argv.some(
    (word, at) =>
      word === '--runtime=simulated' || (word === '--runtime' && argv[at + 1] === 'simulated'),
  );
}

/** `flotilla kubelet --runtime=simulated`: nodes without machines. */
export function kubeletCommand(): Command {
  const command = new Command('kubelet')
    .description('Run nodes against an API server, until a signal.')
    .requiredOption('--kubeconfig <file>', 'the API server, and who to be there')
    .requiredOption('--runtime <name>', 'what runs the containers: simulated')
    .option('--api-protocol <name>', protocolMeaning, 'auto')
    .allowExcessArguments(false);
  return addSimulatedFlags(command).action((flags: KubeletFlags) => run(flags));
}

async function run(flags: KubeletFlags): Promise<void> {
  const stop = new AbortController();
  // Every watch and every request listens to it.
  setMaxListeners(0, stop.signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort());
  }
  try {
    if (flags.runtime !== 'simulated') {
      throw new UsageError(`--runtime=${flags.runtime} is not there: give simulated`);
    }
    const settings = fleetSettings(flags);
    const access = await readKubeconfig(flags.kubeconfig);
    const logger = createLogger({
      level: 'info',
      format: 'json',
      destination: fileDestination(stderrFd),
    });
    const connect = protocolNamed(flags.apiProtocol, logger);
    const client = connect(access, {
      ...{ clock: hostClock, userAgent: 'flotilla-kubelet', omitsManagedFields: true },
    });
    const parts = { client, clock: hostClock, prng: entropyPrng(), logger };
    const nodes = new SimulatedNodes(parts, settings);
    const port = flags.simulatedControlPort;
    const control = port === undefined ? null : await serveFleetControl(nodes, port, parts);
    if (control !== null) logger.info('taking orders', { url: control.url });
    logger.info('running', { server: access.server, nodes: settings.names.length });
    await nodes.run(stop.signal);
    await control?.close();
    await client.close();
    process.exit(0);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`flotilla kubelet: ${text}\n`);
    const isUsage = error instanceof KubeconfigError || error instanceof UsageError;
    process.exit(isUsage ? exitCodeUsage : exitCodeFailure);
  }
}
