import { DecodeError } from '../../api/codec/decode-error.js';
import { parsePatchDocument } from '../../api/codec/patched-object.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { GroupVersionKind } from '../../machinery/object.js';
import { apiVersionOf, type KubeObject } from '../../machinery/object.js';
import { badRequest, failure, notFound } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { optionsObject, type WriteOptions } from '../options/write-options.js';
import type { FieldManagement } from '../registry/registry-options.js';
import type { UpdateResult } from '../registry/update.js';
import { creationConfirmer } from './confirm-creation.js';
import type { ResourceEndpoint } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { restoring } from './restoring.js';
import { writeRequest } from './write-context.js';

/** A body and the options that it came with. */
export interface ApplyBody {
  readonly body: Uint8Array;
  readonly options: WriteOptions;
}

/** PATCH with an applied configuration: server-side apply. Creates the object when it is not there. */
export async function applyConfiguration(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
  { body, options }: ApplyBody,
): Promise<UpdateResult> {
  const { resource, registry } = endpoint;
  const fieldManagement = fieldManagementOf(endpoint);
  const applied = readApplied(exchange, { body, options }, resource);
  const { name, subresource } = exchange.info;
  const request = writeRequest(exchange, {
    ...options,
    options: optionsObject('PatchOptions', options),
  });
  return registry.update(request, name, {
    updated: (live) => {
      if (live === null && subresource !== '') throw notFound(resource, name);
      return fieldManagement.apply({
        ...{ resource, live, applied, subresource },
        manager: options.fieldManager,
        force: options.force === true,
        nowMs: exchange.nowMs,
      });
    },
    preconditions: {},
    mayCreate: subresource === '',
    ...restoring(endpoint, subresource),
    confirmCreation: creationConfirmer(exchange, tools),
    tracksManagers: true,
  });
}

/** Throws 501 where nobody keeps track of managers. */
export function fieldManagementOf({ registry }: ResourceEndpoint): FieldManagement {
  const { fieldManagement } = registry.options;
  if (fieldManagement !== null) return fieldManagement;
  throw failure(501, '', 'server-side apply is not available on this server');
}

/** The configuration as the client sent it; only what kind it is of is looked at. Throws 400. */
export function readApplied(
  exchange: Exchange,
  { body, options: { fieldValidation } }: ApplyBody,
  of: GroupVersionKind,
): KubeObject {
  const { value, problems } = parse(body);
  if (fieldValidation === 'Strict' && problems.length > 0)
    throw badRequest(`error strict decoding YAML: ${problems.join(', ')}`);
  if (fieldValidation === 'Warn') for (const problem of problems) exchange.warn(problem);
  const object = value ?? {};
  if (!isJsonObject(object)) {
    throw badRequest(
      'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ' +
        `${Array.isArray(object) ? 'array' : typeof object} into Go value of type map[string]interface {}`,
    );
  }
  const { apiVersion = '', kind = '' } = object;
  if (apiVersion !== apiVersionOf(of) || kind !== of.kind) {
    throw badRequest(`invalid object type: ${kindText(String(apiVersion), String(kind))}`);
  }
  return { ...object, metadata: object.metadata ?? {} } as unknown as KubeObject;
}

function parse(body: Uint8Array) {
  try {
    return parsePatchDocument(body, 'yaml');
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`error decoding YAML: ${error.message}`);
  }
}

/** `apps/v1, Kind=Deployment`; `/v1, Kind=Pod` in the core group. */
function kindText(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}
