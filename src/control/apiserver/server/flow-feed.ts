import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import {
  autoUpdateAnnotation,
  bootstrapLevels,
  bootstrapSchemas,
} from '../flow-control/bootstrap-objects.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { followAll } from '../registry/follow-all.js';
import type { ServerWrites } from '../registry/server-writes.js';
import type { BootstrapStep } from './bootstrap.js';

const group = 'flowcontrol.apiserver.k8s.io';
const levels = { group, resource: 'prioritylevelconfigurations' };
const schemas = { group, resource: 'flowschemas' };

/** Keeps priority and fairness as the stored objects have it, until `signal` aborts. Resolves once all that is stored was told. */
export function feedFlowControl(
  flows: FlowControl,
  endpoints: EndpointTable,
  options: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const ofLevels = {
    upsert: (object: KubeObject) => flows.setLevel(object),
    remove: (object: KubeObject) => flows.removeLevel(object),
  };
  const ofSchemas = {
    upsert: (object: KubeObject) => flows.setSchema(object),
    remove: (object: KubeObject) => flows.removeSchema(object),
  };
  const all = [
    { resource: levels, follower: ofLevels },
    { resource: schemas, follower: ofSchemas },
  ];
  return followAll(endpoints, all, options);
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
