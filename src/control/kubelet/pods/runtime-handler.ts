import type { Pod } from '../../api/gen/core-v1.js';
import type { RuntimeClass } from '../../api/gen/node-v1.js';
import { apiResource, type ControlClient } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import { RuntimeError } from '../runtime/runtime-error.js';

const runtimeClasses = apiResource<RuntimeClass>(
  'node.k8s.io/v1',
  'runtimeclasses',
  'RuntimeClass',
  'cluster',
);

/**
 * What of the runtime runs a pod, by the class that it names; '' without one. Rejects with RuntimeError when there is no such class, and
 * with StatusError or UnreachableError when that cannot be found out.
 */
export async function runtimeHandlerOf({ spec }: Pod, client: ControlClient): Promise<string> {
  const { runtimeClassName: name = '' } = spec ?? {};
  if (name === '') return '';
  try {
    return (await client.objects(runtimeClasses).get({ name })).handler ?? '';
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
    throw new RuntimeError('failed', `RuntimeClass "${name}" not found`, { cause: error });
  }
}
