import { defined } from '../../../base/assert.js';
import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import type { RbacWriter } from '../authorization/rbac/bootstrap/reconcile.js';
import type { RbacPolicy, RbacResource } from '../authorization/rbac/rbac-policy.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { followAll } from '../registry/follow-all.js';
import type { ServerWrites } from '../registry/server-writes.js';

const group = 'rbac.authorization.k8s.io';
const resources: readonly RbacResource[] = [
  'clusterroles',
  'clusterrolebindings',
  'roles',
  'rolebindings',
];

/** Keeps a policy as the stored roles and bindings have it, until `signal` aborts. Resolves once all that is stored was told. */
export async function feedRbacPolicy(
  policy: RbacPolicy,
  endpoints: EndpointTable,
  options: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const all = resources.map((resource) => ({
    resource: { group, resource },
    follower: {
      upsert: (object: KubeObject) => policy.upsert(resource, object),
      remove: (object: KubeObject) => policy.remove(resource, object),
    },
  }));
  await followAll(endpoints, all, options);
}

/** Writes the default roles and bindings. */
export function rbacWriter(endpoints: EndpointTable, writes: ServerWrites): RbacWriter {
  const read = async (
    resource: RbacResource,
    namespace: string,
    name: string,
  ): Promise<KubeObject | undefined> => {
    const { storage } = defined(endpoints.registry(group, resource), resource);
    try {
      return (await storage.get(namespace, name, { at: 'latest' })).object;
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  };
  return {
    async ensure(resource, namespace, name, change) {
      const of = { group, resource };
      const wanted = change(await read(resource, namespace, name));
      if (wanted === null) return;
      if (wanted.metadata.resourceVersion === undefined) {
        await writes.ensure(of, namespace, wanted);
        return;
      }
      await writes.update({ resource: of, namespace, name }, (fresh) => change(fresh) ?? fresh);
    },
    remove: (resource, namespace, name) =>
      writes.remove({ resource: { group, resource }, namespace, name }),
  };
}
