import type { Binding } from '../../../api/gen/core-v1.js';
import { apiResource, UnreachableError } from '../../../client/index.js';
import { StatusError } from '../../../machinery/status.js';
import type { Plugin } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { failure } from '../statuses.js';

const bindings = apiResource<Binding>('v1', 'pods', 'Binding');

/** Tells the API server the node of a pod. */
export function defaultBinder(_args: unknown, handle: SchedulerHandle): Plugin {
  const client = handle.client.objects(bindings);
  return {
    name: 'DefaultBinder',
    async bind(_, { pod, uid }, nodeName, signal) {
      const { namespace = '', name = '' } = pod.metadata;
      try {
        await client.create(
          { metadata: { namespace, name, uid }, target: { kind: 'Node', name: nodeName } },
          { subresource: 'binding', signal },
        );
        return null;
      } catch (error) {
        if (error instanceof StatusError || error instanceof UnreachableError)
          return failure(error.message);
        throw error;
      }
    },
  };
}
