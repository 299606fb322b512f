import { setMaxListeners } from 'node:events';
import type { Logger } from '../../base/logger.js';
import {
  type ClosableEventRecorder,
  type ControlClient,
  createEventRecorder,
  type EventRecorder,
  SharedInformers,
} from '../../control/client/index.js';
import {
  ConfigurationError,
  defaultConfiguration,
  type ExtenderPostOf,
  type PluginFactory,
  parseConfiguration,
  Scheduler,
  type SchedulerConfiguration,
} from '../../control/scheduler/index.js';
import {
  defaultPluginFactories,
  defaultPlugins,
} from '../../control/scheduler/plugins/default-plugins.js';
import { hostClock } from '../../host/clock.js';
import { entropyPrng } from '../../host/entropy.js';
import { readTextFile } from '../../host/text-file.js';
import { WebClient } from '../../rpc/web-client.js';
import { apiAccess, clientOptions } from '../program/api-access.js';
import { protocolOf } from '../program/api-protocol.js';
import { runAsLeader } from '../program/as-leader.js';
import type { ParsedFlags } from '../program/flags.js';
import { ProgramMetrics } from '../program/metrics.js';
import { serveProgram } from '../program/serving.js';
import { UsageError } from '../usage-error.js';
import { extenderPosts } from './extender-posts.js';
import { schedulerName, withConfiguration } from './flags.js';
import { loadPlugins } from './load-plugins.js';
import { SchedulerMetrics } from './metrics.js';

interface Setup {
  readonly configuration: SchedulerConfiguration;
  readonly factories: Readonly<Record<string, PluginFactory>>;
  readonly extenderPostOf: ExtenderPostOf;
  readonly bindingsMax: number;
  readonly logger: Logger;
  readonly metrics: SchedulerMetrics;
}

/** Schedules pods as the flags and the configuration say, until the signal aborts. Rejects with UsageError or KubeconfigError for what is wrong in them. */
export async function runScheduler(
  given: ParsedFlags,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  setMaxListeners(0, signal);
  const { configuration, factories } = await readSetup(given);
  const flags = withConfiguration(given, configuration);
  const bindingsMax = flags.number('bindings-max');
  if (bindingsMax === 0) throw new UsageError('--bindings-max: give at least 1');
  const connect = protocolOf(flags, logger);
  const clock = hostClock;
  const access = await apiAccess(flags, process.env);
  const metrics = new ProgramMetrics(clock);
  const web = new WebClient({ clock });
  const extenderPostOf = await extenderPosts(configuration.extenders, web);
  const setup = {
    ...{ configuration, factories, extenderPostOf, bindingsMax, logger },
    metrics: new SchedulerMetrics(metrics.registry),
  };
  const documents = new Map([['/configz', () => shown(configuration)]]);
  await check(setup, connect(access, { clock, userAgent: schedulerName }));
  const serving = await serveProgram({ flags, clock, logger, metrics, checks: [], documents });
  const client = clientOptions(flags, { access, clock, metrics, component: schedulerName });
  try {
    await runAsLeader(
      { flags, access, client, clock, logger, metrics, connect },
      (leading, untilLost) => schedule(setup, leading, untilLost),
      signal,
    );
  } finally {
    await serving?.close();
    web.close();
  }
}

/** Makes a scheduler that does nothing: what is wrong in the configuration is said now, not when this process leads. */
async function check(setup: Setup, client: ControlClient): Promise<void> {
  try {
    makeScheduler(setup, client, () => ({ event() {} }));
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(`--config: ${error.message}`);
    throw error;
  } finally {
    await client.close();
  }
}

async function readSetup(flags: ParsedFlags): Promise<Pick<Setup, 'configuration' | 'factories'>> {
  const configFile = flags.text('config');
  const builtIn = defaultPluginFactories;
  if (configFile === '') return { configuration: defaultConfiguration(), factories: builtIn };
  const text = await readTextFile(configFile).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--config: cannot read ${configFile}: ${reason}`, { cause: error });
  });
  try {
    const configuration = parseConfiguration(text);
    const { pluginModules } = configuration;
    return { configuration, factories: await loadPlugins(pluginModules, { configFile, builtIn }) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new UsageError(`--config: ${configFile}: ${error.message}`, { cause: error });
  }
}

async function schedule(setup: Setup, client: ControlClient, signal: AbortSignal): Promise<void> {
  const { logger, metrics } = setup;
  const clock = hostClock;
  const prng = entropyPrng();
  const recorders = new Map<string, ClosableEventRecorder>();
  const eventsOf = (component: string) => {
    const known = recorders.get(component);
    if (known !== undefined) return known;
    const recorder = createEventRecorder({ client, clock, prng, logger, component });
    recorders.set(component, recorder);
    return recorder;
  };
  const scheduler = makeScheduler(setup, client, eventsOf);
  metrics.follow(scheduler);
  const profiles = setup.configuration.profiles.map((profile) => profile.schedulerName);
  logger.info('scheduling', { profiles });
  try {
    await scheduler.run(signal);
  } finally {
    metrics.follow(null);
    await Promise.all([...recorders.values()].map((each) => each.close()));
  }
}

function makeScheduler(
  { configuration, factories, extenderPostOf, bindingsMax, metrics, logger }: Setup,
  client: ControlClient,
  eventsOf: (profileName: string) => EventRecorder,
): Scheduler {
  const clock = hostClock;
  const prng = entropyPrng();
  return new Scheduler({
    ...{ client, clock, prng, logger, eventsOf, observer: metrics, defaults: defaultPlugins },
    informers: new SharedInformers({ client, clock, prng, logger }),
    ...{ configuration, factories, extenderPostOf, bindingsMax },
  });
}

/** The configuration as a document. */
function shown(configuration: SchedulerConfiguration): unknown {
  return {
    'kubescheduler.config.k8s.io': {
      ...configuration,
      // Keys are nobody's business.
      extenders: configuration.extenders.map(({ tls: { keyData: _, ...tls }, ...extender }) => ({
        ...{ ...extender, tls },
      })),
      profiles: configuration.profiles.map(({ pluginArguments, ...profile }) => ({
        ...profile,
        pluginConfig: [...pluginArguments].map(([name, args]) => ({ name, args })),
      })),
    },
  };
}
