import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { notFound } from '../../machinery/status-errors.js';
import type { ObjectReader } from '../contracts.js';
import type { ObjectStorage } from '../storage/contracts.js';
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
  return {
    async get(resource, namespace, name): Promise<KubeObject | undefined> {
      try {
        return (await storageOf(resource).get(namespace, name, { at })).object;
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
        throw error;
      }
    },
    async list(resource, namespace) {
      const page = await storageOf(resource).list({
        namespace,
        freshness: { at },
        filter: null,
        limit: 0,
        afterKey: '',
      });
      return page.items.map(({ object }) => object);
    },
  };
}
