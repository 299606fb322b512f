import type { GroupResource, KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { notFound } from '../../machinery/status-errors.js';
import type { ObjectReader } from '../contracts.js';
import type { ObjectStorage, StoredObject } from '../storage/contracts.js';
import type { EndpointTable } from './endpoint-table.js';

/**
 * Reads objects in the version that is stored, for those who decide about requests: `any` from memory as it is, `latest` what is
 * committed now.
 */
export function objectReader(endpoints: EndpointTable, at: 'any' | 'latest' = 'any'): ObjectReader {
  const storageOf = ({ group, resource }: { group: string; resource: string }): ObjectStorage => {
    const registry = endpoints.registry(group, resource);
    if (registry === undefined) throw notFound({ group, resource }, '');
    return registry.storage;
  };
  const get = async (
    resource: GroupResource,
    namespace: string,
    name: string,
  ): Promise<KubeObject | undefined> => {
    try {
      return (await storageOf(resource).get(namespace, name, { at })).object;
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  };
  const list = async (resource: GroupResource, namespace: string) => {
    const query = { namespace, freshness: { at }, filter: null, limit: 0, afterKey: '' };
    return objectsOf((await storageOf(resource).list(query)).items);
  };
  if (at === 'latest') return { get, list };
  // A write asks a dozen times, mostly for what there is none of.
  const cached = ({ group, resource }: GroupResource) =>
    endpoints.registry(group, resource)?.storage;
  return {
    get(resource, namespace, name) {
      const known = cached(resource)?.oneAtHand?.(namespace, name);
      return known === undefined ? get(resource, namespace, name) : Promise.resolve(known.object);
    },
    list(resource, namespace) {
      const known = cached(resource)?.atHand?.(namespace) ?? null;
      if (known === null) return list(resource, namespace);
      return known.length === 0 ? none : Promise.resolve(objectsOf(known));
    },
  };
}

const none: Promise<readonly KubeObject[]> = Promise.resolve([]);

function objectsOf(items: readonly StoredObject[]): readonly KubeObject[] {
  return items.map(({ object }) => object);
}
