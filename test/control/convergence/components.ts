import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../src/base/clock.js';
import type { Logger } from '../../../src/base/logger.js';
import type { Prng } from '../../../src/base/prng.js';
import {
  ControlClient,
  createEventRecorder,
  RestTransport,
  type ServerAccess,
  SharedInformers,
} from '../../../src/control/client/index.js';
import { controllerTable } from '../../../src/control/controllers/controller-table.js';
import { runControllers } from '../../../src/control/controllers/runtime/run-controllers.js';
import {
  nodeNames,
  SimulatedNodes,
  simulatedDefaults,
} from '../../../src/control/kubelet/simulated/index.js';
import { defaultConfiguration, Scheduler } from '../../../src/control/scheduler/index.js';
import {
  defaultPluginFactories,
  defaultPlugins,
} from '../../../src/control/scheduler/plugins/default-plugins.js';
import { hostClock } from '../../../src/host/clock.js';
import { FaultyWay, type WayConditions } from './faulty-way.js';
import { MeasuredWay } from './measured-way.js';

/** The programs that run beside the API server. */
export const componentNames = ['controllers', 'scheduler', 'nodes'] as const;
export type ComponentName = (typeof componentNames)[number];

/** What components are run with. */
export interface ComponentsOptions {
  readonly access: ServerAccess;
  readonly rootCa: string;
  readonly conditions: WayConditions;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly nodes: number;
  /** Is told of bugs: what a component rejects with. */
  readonly onBug: (component: ComponentName, error: unknown) => void;
}

interface Running {
  readonly way: FaultyWay;
  readonly client: ControlClient;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** All programs of a cluster but the API server, each behind a {@link FaultyWay} of its own; each can be killed and begins with an empty memory then. */
export class Components {
  readonly #options: ComponentsOptions;
  readonly #running = new Map<ComponentName, Running>();
  kills = 0;

  constructor(options: ComponentsOptions) {
    this.#options = options;
    for (const name of componentNames) this.#start(name);
  }

  /** Ends a program at once, with what it was about to do undone, and starts it again. */
  async restart(name: ComponentName): Promise<void> {
    this.kills++;
    await this.#end(name);
    this.#start(name);
  }

  /** Requests of all of them that the server has not answered for so long. */
  unanswered(forMs: number): readonly string[] {
    return [...this.#running.values()].flatMap(({ way }) => way.unanswered(forMs));
  }

  async stop(): Promise<void> {
    for (const name of componentNames) await this.#end(name);
  }

  #start(name: ComponentName): void {
    const { access, conditions, clock, prng, onBug } = this.#options;
    const rest = new RestTransport({ access, clock: hostClock, userAgent: name });
    const way = new FaultyWay(name, new MeasuredWay(rest, clock), conditions, prng.fork());
    const client = new ControlClient(way, { clock });
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const ended = this.#run(name, client, stop.signal).catch((error: unknown) =>
      onBug(name, error),
    );
    this.#running.set(name, { way, client, stop, ended });
  }

  async #end(name: ComponentName): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    const cut = running.way.cut();
    running.stop.abort();
    await Promise.all([cut, running.ended]);
    await running.client.close();
  }

  #run(name: ComponentName, client: ControlClient, signal: AbortSignal): Promise<void> {
    switch (name) {
      case 'controllers':
        return this.#runControllers(client, signal);
      case 'scheduler':
        return this.#runScheduler(client, signal);
      case 'nodes':
        return this.#runNodes(client, signal);
    }
  }

  #runControllers(client: ControlClient, signal: AbortSignal): Promise<void> {
    const { clock, prng, logger, rootCa } = this.#options;
    const flags = new Map<string, number | boolean | string>([
      ['root-ca-file', rootCa],
      ['enable-hostpath-provisioner', true],
      // What creations that failed took from a quota is given back by the next look at all of it.
      ['resource-quota-sync-period', 10_000],
      ['horizontal-pod-autoscaler-sync-period', 5_000],
      ['horizontal-pod-autoscaler-downscale-stabilization', 15_000],
      // A busy machine is no lost node.
      ['node-monitor-grace-period', 3_600_000],
      ['node-startup-grace-period', 3_600_000],
    ]);
    const parts = { client, clock, prng: prng.fork(), logger: logger.child({ part: 'control' }) };
    return runControllers({ definitions: controllerTable, flags, ...parts }, signal);
  }

  async #runScheduler(client: ControlClient, signal: AbortSignal): Promise<void> {
    const { clock, prng, logger } = this.#options;
    const parts = { client, clock, prng: prng.fork(), logger: logger.child({ part: 'scheduler' }) };
    const events = createEventRecorder({ ...parts, component: 'default-scheduler' });
    const scheduler = new Scheduler({
      ...{ ...parts, eventsOf: () => events, informers: new SharedInformers(parts) },
      configuration: defaultConfiguration(),
      factories: defaultPluginFactories,
      defaults: defaultPlugins,
    });
    try {
      await scheduler.run(signal);
    } finally {
      await events.close();
    }
  }

  #runNodes(client: ControlClient, signal: AbortSignal): Promise<void> {
    const { clock, prng, logger, nodes } = this.#options;
    const parts = { client, clock, prng: prng.fork(), logger: logger.child({ part: 'nodes' }) };
    const fleet = new SimulatedNodes(parts, {
      names: nodeNames('node-%d', nodes, 0),
      firstIndex: 0,
      node: { ...simulatedDefaults.node, zones: ['a', 'b'] },
      pod: { ...simulatedDefaults.pod, startMs: 300, runMs: 1000, backoffMs: 1000 },
      hasEvents: true,
      writers: 8,
    });
    return fleet.run(signal);
  }
}
