import { ClientError } from '../../../client/index.js';
import { CtlCommand } from '../command.js';
import { CtlError, ExitCode } from '../exit.js';
import { flagCounter } from '../go/integers.js';
import type { EndpointAnswer, EndpointHealth } from '../print/printer.js';
import { action, type Run } from '../run.js';
import { endpointUrl } from '../settings.js';

interface EndpointFlags {
  readonly cluster?: boolean;
}

const clusterFlag = ['--cluster', 'ask all members that the cluster has'] as const;

/** `endpoint health | status | hashkv`. */
export function endpointCommand(): CtlCommand {
  const endpoint = new CtlCommand('endpoint').description('commands about single endpoints');
  endpoint
    .command('health')
    .description('whether endpoints serve')
    .option(...clusterFlag)
    .action(action((run, _, command) => health(run, command.opts<EndpointFlags>())));
  endpoint
    .command('status')
    .description('what members say of themselves')
    .option(...clusterFlag)
    .action(action((run, _, command) => status(run, command.opts<EndpointFlags>())));
  endpoint
    .command('hashkv')
    .description("hash of each member's keys")
    .option(...clusterFlag)
    .option('--rev <revision>', 'the last revision to hash (0: the latest)', flagCounter, 0)
    .action(
      action((run, _, command) => hashKv(run, command.opts<EndpointFlags & { rev: number }>())),
    );
  return endpoint;
}

/** `status`: the status of every member of the cluster. */
export function statusCommand(): CtlCommand {
  return new CtlCommand('status')
    .description('the status of all members of the cluster')
    .action(action((run) => status(run, { cluster: true }))) as CtlCommand;
}

/** The endpoints that a command is about: those given, or with `--cluster` every client URL of the members. */
export async function endpointsOf(
  run: Run,
  { cluster }: EndpointFlags,
): Promise<readonly string[]> {
  if (!cluster) return run.settings.endpoints;
  const { members } = await run.client().cluster.list();
  return members.flatMap(({ clientURLs }) => clientURLs);
}

async function health(run: Run, flags: EndpointFlags): Promise<void> {
  const endpoints = await endpointsOf(run, flags);
  const answers = await Promise.all(endpoints.map((endpoint) => healthOf(run, endpoint)));
  run.print('endpointHealth', answers);
  const sick = answers.filter(({ isHealthy }) => !isHealthy);
  if (run.settings.format === 'simple') {
    for (const { endpoint, error } of sick) {
      run.complain(`${endpoint} is unhealthy: failed to commit proposal: ${error}`);
    }
  }
  if (sick.length > 0) throw new CtlError(ExitCode.error, 'unhealthy cluster');
}

/** A linearizable read goes through the cluster's majority, so it tells whether the endpoint takes part. */
async function healthOf(run: Run, endpoint: string): Promise<EndpointHealth> {
  const startedAt = performance.now();
  const took = () => performance.now() - startedAt;
  try {
    await run.client([endpoint]).kv.get('health');
    return { endpoint, isHealthy: true, tookMs: took(), error: '' };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const isHealthy = error.code === 'permission-denied';
    return { endpoint, isHealthy, tookMs: took(), error: isHealthy ? '' : error.message };
  }
}

async function status(run: Run, flags: EndpointFlags): Promise<void> {
  await printEach(run, flags, 'endpointStatus', 'status', (endpoint) =>
    run.client([endpoint]).maintenance.status(endpointUrl(endpoint, run.settings)),
  );
}

async function hashKv(run: Run, flags: EndpointFlags & { rev: number }): Promise<void> {
  const revision = flags.rev;
  await printEach(run, flags, 'endpointHashKv', 'hash', (endpoint) =>
    run.client([endpoint]).maintenance.hashKv(endpointUrl(endpoint, run.settings), { revision }),
  );
}

/** Asks each endpoint; prints the answers there are, and fails in the end when one is missing. */
async function printEach<K extends 'endpointStatus' | 'endpointHashKv', T>(
  run: Run,
  flags: EndpointFlags,
  kind: K,
  what: string,
  ask: (endpoint: string) => Promise<T>,
): Promise<void> {
  const answers: EndpointAnswer<T>[] = [];
  let failure: ClientError | null = null;
  for (const endpoint of await endpointsOf(run, flags)) {
    try {
      answers.push({ endpoint, response: await ask(endpoint) });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      failure = error;
      run.complain(`Failed to get the ${what} of endpoint ${endpoint} (${error.message})`);
    }
  }
  run.print(kind, answers as never);
  if (failure !== null) throw failure;
}
