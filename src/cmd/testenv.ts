import { Command, InvalidArgumentError } from 'commander';
import { createLogger, fileDestination } from '../host/log-sink.js';
import { startTestEnv } from './testenv/index.js';
import { UsageError } from './usage-error.js';

const stderrFd = 2;
const exitCodeUsage = 2;
const exitCodeFailure = 1;

interface Options {
  readonly dir: string;
  readonly port?: number;
  readonly namespaceDeletion: boolean;
  readonly garbageCollection: boolean;
  readonly verbose?: boolean;
}

export { startTestEnv };

/** `flotilla testenv`: a store and an API server in one process, for tests. */
export async function main(argv: readonly string[]): Promise<void> {
  await new Command('testenv')
    .description('Serve the Kubernetes API for tests, store included, until a signal.')
    .requiredOption('--dir <folder>', 'where the data and admin.kubeconfig go')
    .option('--port <port>', 'of the API server (default: a free one)', parsePort)
    .option('--no-namespace-deletion', 'leave the content of deleted namespaces where it is')
    .option('--no-garbage-collection', 'leave objects whose owners are gone')
    .option('--verbose', 'log to standard error')
    .allowExcessArguments(false)
    .action(run)
    .parseAsync([...argv], { from: 'user' });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError('Give a number up to 65535.');
  }
  return port;
}

async function run({ verbose, port, ...options }: Options): Promise<void> {
  const stop = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, done);
  });
  const fail = (error: unknown, code: number) => {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`flotilla testenv: ${text}\n`);
    process.exit(code);
  };
  try {
    const env = await startTestEnv({
      ...options,
      ...(port === undefined ? {} : { port }),
      ...(verbose === true
        ? {
            logger: createLogger({
              level: 'info',
              format: 'text',
              destination: fileDestination(stderrFd),
            }),
          }
        : {}),
      onFatal: (error) => fail(error, exitCodeFailure),
    });
    process.stdout.write(`serving on ${env.url}\nkubeconfig ${env.kubeconfig}\nready\n`);
    await stop;
    await env.close();
    process.exit(0);
  } catch (error) {
    fail(error, error instanceof UsageError ? exitCodeUsage : exitCodeFailure);
  }
}
