import type { ServedResource } from '../../api/scheme.js';
import { StatusError } from '../../machinery/status.js';
import { defaultDeleteOptions } from '../options/delete-options.js';
import { GenericRegistry } from '../registry/generic-registry.js';
import { serverUser } from '../registry/server-writes.js';
import type { WriteRequest } from '../registry/write-request.js';

const never = new AbortController().signal;

/** Nobody is asked: that the definition may be deleted was decided before. */
const noAdmission = { mutate: async () => {}, validate: async () => {} };

/** Deletes all objects of a custom resource. Resolves with how many are left because their finalizers keep them. */
export async function deleteInstances(
  registry: GenericRegistry,
  row: ServedResource,
  nowMs: number,
): Promise<number> {
  const own = new GenericRegistry({ ...registry.options, admission: noAdmission });
  const { items } = await own.storage.list({
    namespace: '',
    freshness: { at: 'latest' },
    filter: null,
    limit: 0,
    afterKey: '',
  });
  let left = 0;
  for (const { object } of items) {
    const { namespace = '', name = '' } = object.metadata;
    try {
      const request = requestFor(row, { namespace, name }, nowMs);
      const { isGone } = await own.delete(request, name, defaultDeleteOptions);
      if (!isGone) left += 1;
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
    }
  }
  return left;
}

function requestFor(
  { group, version, resource }: ServedResource,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  nowMs: number,
): WriteRequest {
  const info = {
    verb: 'delete',
    isResourceRequest: true,
    path: '',
    group,
    version,
    namespace,
    resource,
    subresource: '',
    name,
  };
  const context = {
    user: serverUser,
    info,
    isDryRun: false,
    fieldManager: '',
    nowMs,
    signal: never,
    warn: () => {},
  };
  return { context, namespace, subresource: '', manager: '', options: { metadata: {} } };
}
