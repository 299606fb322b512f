import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { FlowSchema } from '../../api/gen/flowcontrol-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import {
  autoUpdateAnnotation,
  bootstrapLevels,
  bootstrapSchemas,
} from '../flow-control/bootstrap-objects.js';
import { withDangling } from '../flow-control/dangling-condition.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { followAll } from '../registry/follow-all.js';
import type { ServerWrites } from '../registry/server-writes.js';
import type { BootstrapStep } from './bootstrap.js';

const group = 'flowcontrol.apiserver.k8s.io';
const levels = { group, resource: 'prioritylevelconfigurations' };
const schemas = { group, resource: 'flowschemas' };

/**
 * Keeps priority and fairness as the stored objects have it, and what schemas say of their level, until `signal` aborts. Resolves once all
 * that is stored was told.
 */
export async function feedFlowControl(
  flows: FlowControl,
  endpoints: EndpointTable,
  options: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly signal: AbortSignal;
    readonly writes: ServerWrites;
  },
): Promise<void> {
  const conditions = new DanglingConditions(flows, options);
  const told = (change: (object: KubeObject) => void) => (object: KubeObject) => {
    change(object);
    conditions.check();
  };
  const ofLevels = {
    upsert: told((object) => flows.setLevel(object)),
    remove: told((object) => flows.removeLevel(object)),
  };
  const ofSchemas = {
    upsert: told((object) => flows.setSchema(object)),
    remove: told((object) => flows.removeSchema(object)),
  };
  const all = [
    { resource: levels, follower: ofLevels },
    { resource: schemas, follower: ofSchemas },
  ];
  await followAll(endpoints, all, options);
  conditions.begin();
}

/** Pause before conditions that could not be written are tried again. */
const retryMs = 10_000;

/** Writes the condition `Dangling` of schemas. Any number of replicas may: who is late finds it written. */
class DanglingConditions {
  readonly #flows: FlowControl;
  readonly #options: Parameters<typeof feedFlowControl>[2];
  /** Before all is told, levels that are there seem to be missing. */
  #isReady = false;
  #isRunning = false;
  /** Something changed since the last round began. */
  #isStale = false;

  constructor(flows: FlowControl, options: Parameters<typeof feedFlowControl>[2]) {
    this.#flows = flows;
    this.#options = options;
  }

  begin(): void {
    this.#isReady = true;
    this.check();
  }

  check(): void {
    this.#isStale = true;
    if (!this.#isReady || this.#isRunning) return;
    this.#isRunning = true;
    void this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  async #run(): Promise<void> {
    const { clock, logger, signal } = this.#options;
    while (this.#isStale && !signal.aborted) {
      this.#isStale = false;
      try {
        for (const { schema, isDangling } of [...this.#flows.danglings()])
          await this.#write(schema, isDangling);
      } catch (error) {
        this.#isStale = true;
        logger.debug('a condition of a FlowSchema is tried again', { error: String(error) });
        await sleep(clock, retryMs, signal).catch(() => {}); // Told to stop.
      }
    }
  }

  async #write(schema: FlowSchema, isDangling: boolean): Promise<void> {
    const { clock, writes } = this.#options;
    const about = { nowMs: clock.wallTime() };
    if (withDangling(schema, isDangling, about) === schema) return;
    const { name = '', uid } = schema.metadata;
    const change = (current: KubeObject) =>
      current.metadata.uid === uid
        ? withDangling(current as FlowSchema, isDangling, about)
        : current;
    try {
      await writes.update({ resource: schemas, namespace: '', name }, change, 'status');
    } catch (error) {
      // Those that are not stored yet, or not any more, hold all the same.
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
    }
  }
}

/** Writes the levels and schemas that every cluster has, and those back that nobody took over. */
export function flowControlStep(writes: ServerWrites): BootstrapStep {
  return {
    name: 'priority-and-fairness-config-producer',
    run: async () => {
      for (const level of bootstrapLevels) await restore(writes, levels, level);
      for (const schema of bootstrapSchemas) await restore(writes, schemas, schema);
    },
  };
}

async function restore(
  writes: ServerWrites,
  resource: { readonly group: string; readonly resource: string },
  wanted: KubeObject,
): Promise<void> {
  await writes.ensure(resource, '', structuredClone(wanted));
  const { spec } = fieldsOf(wanted);
  await writes.update({ resource, namespace: '', name: wanted.metadata.name ?? '' }, (current) => {
    const isOurs = current.metadata.annotations?.[autoUpdateAnnotation] === 'true';
    const isSame = spec === undefined || deepEqual(fieldsOf(current).spec, spec);
    return !isOurs || isSame ? current : ({ ...current, spec } as KubeObject);
  });
}
