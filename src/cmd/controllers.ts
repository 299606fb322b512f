import { Command } from 'commander';
import { connectRest, KubeconfigError, readKubeconfig } from '../control/client/index.js';
import { runControllers } from '../control/controllers/runtime/run-controllers.js';
import { standardDefinitions } from '../control/controllers/standard-controllers.js';
import { hostClock } from '../host/clock.js';
import { entropyPrng } from '../host/entropy.js';
import { createLogger, fileDestination } from '../host/log-sink.js';

const stderrFd = 2;
const exitCodeUsage = 2;
const exitCodeFailure = 1;

/** `flotilla controllers`: service accounts, the published authority, deletion of namespaces, garbage collection. */
export function controllersCommand(): Command {
  return new Command('controllers')
    .description('Run the controllers of a cluster against its API server, until a signal.')
    .requiredOption('--kubeconfig <file>', 'the API server, and who to be there')
    .allowExcessArguments(false)
    .action((options: { kubeconfig: string }) => run(options.kubeconfig));
}

async function run(kubeconfig: string): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort());
  }
  try {
    const access = await readKubeconfig(kubeconfig);
    const logger = createLogger({
      level: 'info',
      format: 'json',
      destination: fileDestination(stderrFd),
    });
    const client = connectRest(access, { clock: hostClock, userAgent: 'flotilla-controllers' });
    logger.info('running', { server: access.server });
    const definitions = standardDefinitions({ namespaceDeletion: true, garbageCollection: true });
    const flags = new Map([['root-ca-file', access.tls.ca ?? '']]);
    const run = { definitions, flags, client, clock: hostClock, prng: entropyPrng(), logger };
    await runControllers(run, stop.signal);
    await client.close();
    process.exit(0);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`flotilla controllers: ${text}\n`);
    process.exit(error instanceof KubeconfigError ? exitCodeUsage : exitCodeFailure);
  }
}
