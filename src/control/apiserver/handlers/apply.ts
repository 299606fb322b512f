import { setObjectDefaults } from '../../api/schema-defaults.js';
import { failure, notFound } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { optionsObject, type WriteOptions } from '../options/write-options.js';
import type { UpdateResult } from '../registry/update.js';
import { type ResourceEndpoint, toStoredVersion } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { expectedBody, writeRequest } from './write-context.js';

/** PATCH with an applied configuration: server-side apply. Creates the object when it is not there. */
export async function applyConfiguration(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
  { body, options }: { readonly body: Uint8Array; readonly options: WriteOptions },
): Promise<UpdateResult> {
  const { fieldManagement } = endpoint.registry.options;
  if (fieldManagement === null) {
    throw failure(501, '', 'server-side apply is not available on this server');
  }
  const request = writeRequest(exchange, {
    ...options,
    options: optionsObject('PatchOptions', options),
  });
  const expected = { ...expectedBody(endpoint, options), setDefaults: undefined };
  const applied = toStoredVersion(
    endpoint,
    tools.bodies.read(exchange, { body, format: 'yaml', expected }),
  );
  const { name, subresource } = exchange.info;
  return endpoint.registry.update(request, name, {
    updated: (live) => {
      if (live === null && subresource !== '') throw notFound(endpoint.resource, name);
      const merged = fieldManagement.apply({
        live,
        applied,
        manager: options.fieldManager,
        force: options.force === true,
        subresource,
        nowMs: exchange.nowMs,
      });
      setObjectDefaults(merged, endpoint.registry.options.row);
      return merged;
    },
    preconditions: {},
    mayCreate: subresource === '',
    tracksManagers: true,
  });
}
