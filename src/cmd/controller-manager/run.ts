import { setMaxListeners } from 'node:events';
import type { Logger } from '../../base/logger.js';
import type { ServerAccess } from '../../control/client/index.js';
import type { ControllerDefinition } from '../../control/controllers/controller.js';
import { controllerTable } from '../../control/controllers/controller-table.js';
import { chooseControllers } from '../../control/controllers/runtime/choose-controllers.js';
import type { FlagInputs } from '../../control/controllers/runtime/flag-values.js';
import { runControllers } from '../../control/controllers/runtime/run-controllers.js';
import { hostClock } from '../../host/clock.js';
import { entropyPrng } from '../../host/entropy.js';
import { apiAccess, clientOptions } from '../program/api-access.js';
import { protocolOf } from '../program/api-protocol.js';
import { runAsLeader } from '../program/as-leader.js';
import type { ParsedFlags } from '../program/flags.js';
import { ProgramMetrics } from '../program/metrics.js';
import { serveProgram } from '../program/serving.js';
import { UsageError } from '../usage-error.js';
import { controllerInputs, managerName } from './flags.js';
import { unbuiltControllers } from './unbuilt-controllers.js';

/** Runs the controllers that the flags name, until the signal aborts. Rejects with UsageError or KubeconfigError for wrong flags. */
export async function runControllerManager(
  flags: ParsedFlags,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  setMaxListeners(0, signal);
  const clock = hostClock;
  const definitions = chosenControllers(flags);
  const connect = protocolOf(flags, logger);
  const access = await apiAccess(flags, process.env);
  const inputs = await inputsFor(flags, definitions, access);
  const metrics = new ProgramMetrics(clock);
  const serving = await serveProgram({ flags, clock, logger, metrics, checks: [] });
  const client = clientOptions(flags, { access, clock, metrics, component: managerName });
  try {
    await runAsLeader(
      { flags, access, client, clock, logger, metrics, connect },
      (leading, untilLost) =>
        runControllers(
          {
            ...{ definitions, flags: inputs, client: leading, clock, logger },
            prng: entropyPrng(),
            observeQueue: (name) => metrics.observeQueue(name),
            onStarted: (controllers) => logger.info('controllers run', { controllers }),
          },
          untilLost,
        ),
      signal,
    );
  } finally {
    await serving?.close();
  }
}

function chosenControllers(flags: ParsedFlags): readonly ControllerDefinition[] {
  const choice = chooseControllers(flags.list('controllers'), controllerTable, unbuiltControllers);
  if ('chosen' in choice) return choice.chosen;
  const problems = choice.problems;
  throw new UsageError(problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`);
}

/** Pods are told to trust what the kubeconfig trusts, unless a flag says otherwise. */
async function inputsFor(
  flags: ParsedFlags,
  definitions: readonly ControllerDefinition[],
  { tls }: ServerAccess,
): Promise<FlagInputs> {
  const inputs = new Map(await controllerInputs(flags, definitions));
  if (inputs.get('root-ca-file') === null && typeof tls.ca === 'string') {
    inputs.set('root-ca-file', tls.ca);
  }
  return inputs;
}
