import { cloneJson } from '../../machinery/clone.js';
import { badRequest } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { optionsObject, parseWriteOptions } from '../options/write-options.js';
import { creationConfirmer } from './confirm-creation.js';
import { protobufOf, type ResourceEndpoint, toStoredVersion } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { negotiate } from './output.js';
import { readBody } from './read-body.js';
import { restoring } from './restoring.js';
import { sendStored } from './send-object.js';
import { expectedBody, writeRequest } from './write-context.js';

/** PUT of an object, or of its status. */
export async function handleUpdate(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<void> {
  const output = negotiate(exchange, protobufOf(endpoint, tools));
  const options = parseWriteOptions(exchange.query, 'UpdateOptions');
  const body = await readBody(exchange);
  const decoded = tools.bodies.decode(exchange, body, expectedBody(endpoint, options));
  const { name, subresource } = exchange.info;
  const given = decoded.metadata.name ?? '';
  if (given !== '' && given !== name) {
    throw badRequest(
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    );
  }
  const object = toStoredVersion(endpoint, decoded);
  const { uid = '' } = object.metadata;
  const request = writeRequest(exchange, {
    ...options,
    options: optionsObject('UpdateOptions', options),
  });
  const result = await endpoint.registry.update(request, name, {
    // Each attempt starts from what the client sent.
    updated: () => cloneJson(object),
    preconditions: uid === '' ? {} : { uid },
    mayCreate: subresource === '' && endpoint.resource.rules.allowsCreateOnUpdate === true,
    ...restoring(endpoint, subresource),
    confirmCreation: creationConfirmer(exchange, tools),
    tracksManagers: false,
  });
  const status = result.isCreated ? 201 : 200;
  await sendStored(exchange, endpoint, output, { status, stored: result.stored });
}
