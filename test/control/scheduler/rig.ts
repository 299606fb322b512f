import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../src/base/clock.js';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { ControlClient, SharedInformers } from '../../../src/control/client/index.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import { defaultConfiguration } from '../../../src/control/scheduler/config/scheduler-configuration.js';
import {
  defaultPluginFactories,
  defaultPlugins,
} from '../../../src/control/scheduler/plugins/default-plugins.js';
import { Scheduler, type SchedulerOptions } from '../../../src/control/scheduler/scheduler.js';
import { MemoryApi } from './memory-api.js';

/** An event that a scheduler told, as `Normal Scheduled default/a: text`. */
export type ToldEvent = string;

/** A scheduler against an API in memory. */
export interface Rig {
  readonly api: MemoryApi;
  readonly scheduler: Scheduler;
  readonly events: readonly ToldEvent[];
  /** Stops it. Rejects when it has failed. */
  stop(): Promise<void>;
}

/** Starts a scheduler. What is not given is the default. */
export function startRig(
  clock: Clock,
  options: Partial<SchedulerOptions> & { readonly api?: MemoryApi; readonly seed?: number } = {},
): Rig {
  const { api = new MemoryApi(), seed = 1, ...others } = options;
  const client = new ControlClient(api, { clock });
  const prng = new Prng(seed);
  const logger = silentLogger;
  const events: ToldEvent[] = [];
  const event = (object: KubeObject, type: string, reason: string, message: string) => {
    const { namespace, name } = object.metadata;
    events.push(`${type} ${reason} ${namespace}/${name}: ${message}`);
  };
  const scheduler = new Scheduler({
    ...{ client, clock, prng, logger, eventsOf: () => ({ event }) },
    informers: new SharedInformers({ client, clock, prng: prng.fork(), logger }),
    configuration: defaultConfiguration(),
    factories: defaultPluginFactories,
    defaults: defaultPlugins,
    ...others,
  });
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const running = scheduler.run(stop.signal);
  // A failure is told by stop.
  running.catch(() => {});
  return {
    api,
    scheduler,
    events,
    async stop() {
      stop.abort();
      await running;
    },
  };
}
