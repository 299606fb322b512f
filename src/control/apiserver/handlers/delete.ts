import { parseBody } from '../../api/codec/body.js';
import { DecodeError } from '../../api/codec/decode-error.js';
import type { JsonObject } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { Status } from '../../machinery/status.js';
import { badRequest } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import {
  type DeleteOptions,
  deleteOptionsObject,
  parseDeleteOptions,
} from '../options/delete-options.js';
import { parseListOptions } from '../options/list-options.js';
import type { DeleteResult } from '../registry/delete.js';
import { protobufOf, type ResourceEndpoint } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { sendPage } from './list.js';
import { listQuery } from './list-query.js';
import { negotiate, sendDocument } from './output.js';
import { readBody } from './read-body.js';
import { sendStored } from './send-object.js';
import { writeRequest } from './write-context.js';

/** DELETE of one object. */
export async function handleDelete(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<void> {
  const output = negotiate(exchange, protobufOf(endpoint, tools));
  const deletion = await readDeleteOptions(exchange, tools);
  const { name } = exchange.info;
  const result = await endpoint.registry.delete(deleteRequest(exchange, deletion), name, deletion);
  const isAccepted = !result.isGone && deletion.orphanDependents === false;
  const status = isAccepted ? 202 : 200;
  if (!result.isGone || endpoint.registry.options.returnsDeletedObject) {
    await sendStored(exchange, endpoint, output, { status, stored: result.stored });
    return;
  }
  const document = successStatus(endpoint, result) as unknown as JsonObject;
  await sendDocument(exchange, { ...output, as: null }, status, document);
}

/** DELETE of a collection. */
export async function handleDeleteCollection(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<void> {
  const output = negotiate(exchange, protobufOf(endpoint, tools));
  const options = parseListOptions(exchange.query);
  const query = listQuery(endpoint, exchange.info.namespace, options);
  const deletion = await readDeleteOptions(exchange, tools);
  const request = deleteRequest(exchange, deletion);
  const page = await endpoint.registry.deleteCollection(request, query, deletion);
  await sendPage(exchange, endpoint, tools, { output, page });
}

function deleteRequest(exchange: Exchange, deletion: DeleteOptions) {
  const { isDryRun } = deletion;
  return writeRequest(exchange, {
    isDryRun,
    fieldManager: '',
    options: deleteOptionsObject(deletion),
  });
}

async function readDeleteOptions(exchange: Exchange, tools: HandlerTools): Promise<DeleteOptions> {
  const body = await readBody(exchange);
  if (body.length === 0) return parseDeleteOptions(null, exchange.query);
  return parseDeleteOptions(decodeOptions(exchange, tools, body), exchange.query);
}

function decodeOptions(exchange: Exchange, tools: HandlerTools, body: Uint8Array): JsonObject {
  const format = tools.bodies.formatOf(exchange);
  if (format === 'protobuf') {
    return tools.protobuf?.decode(body, { group: '', version: 'v1', kind: 'DeleteOptions' }) ?? {};
  }
  const value = readOptions(body, format);
  if (isJsonObject(value)) return value;
  throw badRequest('decoded object cannot be converted to DeleteOptions');
}

function readOptions(body: Uint8Array, format: 'json' | 'yaml'): unknown {
  try {
    return parseBody(body, format).value;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(error.message);
  }
}

function successStatus({ resource }: ResourceEndpoint, { stored }: DeleteResult): Status {
  const { name = '', uid = '' } = stored.object.metadata;
  const group = resource.group === '' ? {} : { group: resource.group };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...group, kind: resource.resource, uid },
    code: 200,
  };
}
