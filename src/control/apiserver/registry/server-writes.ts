import type { GroupResource, KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { notFound } from '../../machinery/status-errors.js';
import type { RequestInfo, UserInfo } from '../contracts.js';
import { defaultDeleteOptions } from '../options/delete-options.js';
import type { EndpointTable } from './endpoint-table.js';
import type { GenericRegistry } from './generic-registry.js';
import type { WriteRequest } from './write-request.js';

/** The API server, when it writes without being asked. */
export const serverUser: UserInfo = {
  name: 'system:apiserver',
  uid: '',
  groups: ['system:masters', 'system:authenticated'],
  extra: {},
};

/** Names one object. */
export interface ObjectName {
  readonly resource: GroupResource;
  /** '' for cluster-scoped resources. */
  readonly namespace: string;
  readonly name: string;
}

/** Writes of the API server itself, through admission and validation like everybody's. */
export class ServerWrites {
  readonly #endpoints: EndpointTable;
  readonly #nowMs: () => number;

  constructor(endpoints: EndpointTable, nowMs: () => number) {
    this.#endpoints = endpoints;
    this.#nowMs = nowMs;
  }

  /** Rejects with 409 AlreadyExists when it is there. */
  async create(
    resource: GroupResource,
    namespace: string,
    object: KubeObject,
  ): Promise<KubeObject> {
    const request = this.#request(resource, {
      verb: 'create',
      namespace,
      name: '',
      subresource: '',
    });
    return (await this.#registryOf(resource).create(request, object)).object;
  }

  /** Creates it unless it is there. */
  async ensure(resource: GroupResource, namespace: string, object: KubeObject): Promise<void> {
    await this.create(resource, namespace, object).catch((error: unknown) => {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    });
  }

  /** Changes it, on fresh state as often as others write meanwhile. `change` gets a shared object and makes the new one. */
  async update(
    { resource, namespace, name }: ObjectName,
    change: (current: KubeObject) => KubeObject,
    subresource = '',
  ): Promise<KubeObject> {
    const request = this.#request(resource, { verb: 'update', namespace, name, subresource });
    const result = await this.#registryOf(resource).update(request, name, {
      updated: (current) => {
        if (current === null) throw notFound(resource, name);
        return change(current);
      },
      preconditions: {},
      mayCreate: false,
      tracksManagers: false,
    });
    return result.stored.object;
  }

  /** Deletes it; no matter if it is not there. */
  async remove({ resource, namespace, name }: ObjectName): Promise<void> {
    const request = this.#request(resource, { verb: 'delete', namespace, name, subresource: '' });
    const deletion = { ...defaultDeleteOptions, gracePeriodSeconds: 0 };
    try {
      await this.#registryOf(resource).delete(request, name, deletion);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
    }
  }

  #registryOf({ group, resource }: GroupResource): GenericRegistry {
    const registry = this.#endpoints.registry(group, resource);
    if (registry === undefined) throw notFound({ group, resource }, '');
    return registry;
  }

  #request(
    { group, resource }: GroupResource,
    of: Pick<RequestInfo, 'verb' | 'namespace' | 'name' | 'subresource'>,
  ): WriteRequest {
    const info: RequestInfo = {
      ...of,
      isResourceRequest: true,
      path: '',
      group,
      version: '',
      resource,
    };
    return {
      context: {
        user: serverUser,
        info,
        isDryRun: false,
        fieldManager: manager,
        nowMs: this.#nowMs(),
        signal: neverAborted,
        warn: () => {},
      },
      namespace: of.namespace,
      subresource: of.subresource,
      manager,
      options: { metadata: {} },
    };
  }
}

const manager = 'flotilla-apiserver';
const neverAborted = new AbortController().signal;
